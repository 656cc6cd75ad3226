// gzip by zlib and bzip2 by libbz2: two libraries with one and the same calling convention.
#include <bzlib.h>
#include <zlib.h>

#include <algorithm>
#include <climits>

#include "vmm/base/error.h"
#include "vmm/boot/decoders.h"

namespace skiff {
namespace {

// Both count in 32 bits.
unsigned clamp(std::size_t size) {
  return static_cast<unsigned>(std::min<std::size_t>(size, UINT_MAX));
}

class GzipDecoder final : public Decoder {
 public:
  explicit GzipDecoder(PackedInput input) : input_(std::move(input)) {
    // 16: a gzip header is expected, not a bare zlib stream.
    if (::inflateInit2(&stream_, 16 + MAX_WBITS) != Z_OK) throw HostError("zlib found no memory");
  }
  ~GzipDecoder() override { ::inflateEnd(&stream_); }

  std::size_t read(std::span<std::byte> out) override {
    std::size_t done = 0;
    while (done < out.size() && !ended_) {
      if (stream_.avail_in == 0) refill();
      const unsigned room = clamp(out.size() - done);
      stream_.next_out = reinterpret_cast<Bytef*>(out.data() + done);
      stream_.avail_out = room;
      const int result = ::inflate(&stream_, Z_NO_FLUSH);
      done += room - stream_.avail_out;
      if (result == Z_STREAM_END) {
        ended_ = true;
      } else if (result == Z_MEM_ERROR) {
        throw HostError("zlib found no memory");
      } else if (result != Z_OK) {
        refuse_payload(input_, "gzip", result == Z_BUF_ERROR ? "cut short" : "damaged");
      }
    }
    return done;
  }

 private:
  void refill() {
    const auto piece = input_.next();
    if (piece.empty()) refuse_payload(input_, "gzip", "cut short");
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(piece.data()));
    stream_.avail_in = clamp(piece.size());
  }

  PackedInput input_;
  z_stream stream_{};
  bool ended_ = false;
};

class Bzip2Decoder final : public Decoder {
 public:
  explicit Bzip2Decoder(PackedInput input) : input_(std::move(input)) {
    if (::BZ2_bzDecompressInit(&stream_, 0, 0) != BZ_OK) {
      throw HostError("libbz2 found no memory");
    }
  }
  ~Bzip2Decoder() override { ::BZ2_bzDecompressEnd(&stream_); }

  std::size_t read(std::span<std::byte> out) override {
    std::size_t done = 0;
    while (done < out.size() && !ended_) {
      if (stream_.avail_in == 0) refill();
      const unsigned room = clamp(out.size() - done);
      stream_.next_out = reinterpret_cast<char*>(out.data() + done);
      stream_.avail_out = room;
      const int result = ::BZ2_bzDecompress(&stream_);
      done += room - stream_.avail_out;
      if (result == BZ_STREAM_END) {
        ended_ = true;
      } else if (result == BZ_MEM_ERROR) {
        throw HostError("libbz2 found no memory");
      } else if (result != BZ_OK) {
        refuse_payload(input_, "bzip2", "damaged");
      }
    }
    return done;
  }

 private:
  void refill() {
    const auto piece = input_.next();
    if (piece.empty()) refuse_payload(input_, "bzip2", "cut short");
    stream_.next_in = reinterpret_cast<char*>(const_cast<std::byte*>(piece.data()));
    stream_.avail_in = clamp(piece.size());
  }

  PackedInput input_;
  bz_stream stream_{};
  bool ended_ = false;
};

}  // namespace

std::unique_ptr<Decoder> make_gzip_decoder(PackedInput input) {
  return std::make_unique<GzipDecoder>(std::move(input));
}
std::unique_ptr<Decoder> make_bzip2_decoder(PackedInput input) {
  return std::make_unique<Bzip2Decoder>(std::move(input));
}

}  // namespace skiff
