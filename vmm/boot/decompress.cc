#include "vmm/boot/decompress.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "vmm/base/bits.h"
#include "vmm/base/error.h"
#include "vmm/boot/decoders.h"

namespace skiff {
namespace {

struct Magic {
  std::string_view bytes;
  Compression compression;
};
using namespace std::string_view_literals;
constexpr std::array kMagics = {
    Magic{"\x1f\x8b"sv, Compression::gzip},
    Magic{"\x1f\x9e"sv, Compression::gzip},
    Magic{"BZh"sv, Compression::bzip2},
    Magic{"\x5d\x00\x00"sv, Compression::lzma},
    Magic{"\xfd"
          "7zXZ\x00"sv,
          Compression::xz},
    Magic{"\x89LZO"sv, Compression::lzo},
    Magic{"\x02\x21\x4c\x18"sv, Compression::lz4},
    Magic{"\x28\xb5\x2f\xfd"sv, Compression::zstd},
};

}  // namespace

std::optional<Compression> detect_compression(std::span<const std::byte> head) {
  for (const Magic& magic : kMagics) {
    if (head.size() >= magic.bytes.size() &&
        std::memcmp(head.data(), magic.bytes.data(), magic.bytes.size()) == 0) {
      return magic.compression;
    }
  }
  return std::nullopt;
}

std::string_view compression_name(Compression compression) {
  switch (compression) {
    case Compression::gzip:
      return "gzip";
    case Compression::bzip2:
      return "bzip2";
    case Compression::lzma:
      return "lzma";
    case Compression::xz:
      return "xz";
    case Compression::lzo:
      return "lzo";
    case Compression::lz4:
      return "lz4";
    case Compression::zstd:
      return "zstd";
  }
  return "unknown";
}

bool can_decompress(Compression compression) {
  return compression != Compression::lzo;
}

std::span<const std::byte> PackedInput::next() {
  return take(static_cast<std::size_t>(std::min<std::uint64_t>(remaining_, kChunk))).value();
}

std::optional<std::span<const std::byte>> PackedInput::take(std::size_t size) {
  if (size > remaining_) return std::nullopt;
  if (buffer_.size() < size) buffer_.resize(size);
  const std::span out = std::span(buffer_).first(size);
  if (size != 0) image_.read(offset_, out);
  offset_ += size;
  remaining_ -= size;
  return out;
}

void refuse_payload(const PackedInput& input, std::string_view format, std::string_view why) {
  throw ConfigError(fmt::format("{}: its {} payload is {}", input.name(), format, why));
}

std::unique_ptr<Decoder> make_decoder(Compression compression, PackedInput input) {
  switch (compression) {
    case Compression::gzip:
      return make_gzip_decoder(std::move(input));
    case Compression::bzip2:
      return make_bzip2_decoder(std::move(input));
    case Compression::lzma:
      return make_lzma_decoder(std::move(input));
    case Compression::xz:
      return make_xz_decoder(std::move(input));
    case Compression::lz4:
      return make_lz4_decoder(std::move(input));
    case Compression::zstd:
      return make_zstd_decoder(std::move(input));
    case Compression::lzo:
      break;
  }
  refuse_payload(input, compression_name(compression), "in a format Skiff does not unpack");
}

DecodedSource::DecodedSource(std::string name, std::unique_ptr<Decoder> decoder,
                             std::uint64_t limit)
    : name_(std::move(name)), decoder_(std::move(decoder)), limit_(limit), head_(kHead) {
  head_.resize(decoder_->read(head_));
  position_ = head_.size();
}

void DecodedSource::check_limit(std::uint64_t end) const {
  if (end <= limit_) return;
  throw ConfigError(
      fmt::format("{} unpacks to more than {} MiB, which is more than the guest's RAM holds", name_,
                  limit_ / MiB));
}

void DecodedSource::advance(std::span<std::byte> out) {
  const std::size_t got = decoder_->read(out);
  position_ += got;
  if (got == out.size()) return;
  throw ConfigError(fmt::format("{} is cut short: it unpacks to only {} bytes", name_, position_));
}

void DecodedSource::read(std::uint64_t offset, std::span<std::byte> out) {
  if (out.empty()) return;
  const auto end = checked_add<std::uint64_t>(offset, out.size());
  check_limit(end.value_or(~0ULL));
  if (offset < head_.size()) {
    const auto from_head = std::min<std::size_t>(out.size(), head_.size() - offset);
    std::memcpy(out.data(), head_.data() + offset, from_head);
    out = out.subspan(from_head);
    offset += from_head;
    if (out.empty()) return;
  }
  if (offset < position_) {
    throw ConfigError(
        fmt::format("{} is an ELF file whose parts lie over each other; it cannot be unpacked "
                    "in one go",
                    name_));
  }
  std::vector<std::byte> skipped(
      static_cast<std::size_t>(std::min<std::uint64_t>(offset - position_, kHead)));
  while (position_ < offset) {
    const auto step = std::min<std::uint64_t>(offset - position_, skipped.size());
    advance(std::span(skipped).first(static_cast<std::size_t>(step)));
  }
  advance(out);
}

std::vector<std::byte> DecodedSource::read_all() {
  std::vector<std::byte> all = head_;
  while (position_ == all.size()) {
    constexpr std::size_t kStep = 4 * MiB;
    const std::size_t before = all.size();
    all.resize(before + kStep);
    const std::size_t got = decoder_->read(std::span(all).subspan(before));
    all.resize(before + got);
    position_ += got;
    check_limit(position_);
    if (got < kStep) break;
  }
  return all;
}

}  // namespace skiff
