// xz and lzma by liblzma.
#include <lzma.h>

#include "vmm/base/bits.h"
#include "vmm/base/error.h"
#include "vmm/boot/decoders.h"

namespace skiff {
namespace {

// Linux packs with a dictionary of 32 MiB (scripts/xz_wrap.sh) to 128 MiB; a header that asks for
// more is not a kernel's.
constexpr std::uint64_t kMemoryLimit = 160 * MiB;

class LzmaDecoder final : public Decoder {
 public:
  LzmaDecoder(PackedInput input, bool xz) : input_(std::move(input)), format_(xz ? "xz" : "lzma") {
    const lzma_ret result = xz ? ::lzma_stream_decoder(&stream_, kMemoryLimit, 0)
                               : ::lzma_alone_decoder(&stream_, kMemoryLimit);
    if (result != LZMA_OK) throw HostError("liblzma found no memory");
  }
  ~LzmaDecoder() override { ::lzma_end(&stream_); }

  std::size_t read(std::span<std::byte> out) override {
    stream_.next_out = reinterpret_cast<std::uint8_t*>(out.data());
    stream_.avail_out = out.size();
    while (stream_.avail_out != 0 && !ended_) {
      if (stream_.avail_in == 0) refill();
      check(::lzma_code(&stream_, LZMA_RUN));
    }
    return out.size() - stream_.avail_out;
  }

 private:
  void refill() {
    // Empty at the end: liblzma may still hold output; once it has none it says LZMA_BUF_ERROR.
    const auto piece = input_.next();
    stream_.next_in = reinterpret_cast<const std::uint8_t*>(piece.data());
    stream_.avail_in = piece.size();
  }
  void check(lzma_ret result) {
    switch (result) {
      case LZMA_OK:
        return;
      case LZMA_STREAM_END:
        ended_ = true;
        return;
      case LZMA_MEM_ERROR:
        throw HostError("liblzma found no memory");
      case LZMA_MEMLIMIT_ERROR:
        refuse_payload(input_, format_, "packed with too big a dictionary");
      case LZMA_BUF_ERROR:
        refuse_payload(input_, format_, "cut short");
      default:
        refuse_payload(input_, format_, "damaged");
    }
  }

  PackedInput input_;
  const char* const format_;
  lzma_stream stream_ = LZMA_STREAM_INIT;
  bool ended_ = false;
};

}  // namespace

std::unique_ptr<Decoder> make_xz_decoder(PackedInput input) {
  return std::make_unique<LzmaDecoder>(std::move(input), true);
}
std::unique_ptr<Decoder> make_lzma_decoder(PackedInput input) {
  return std::make_unique<LzmaDecoder>(std::move(input), false);
}

}  // namespace skiff
