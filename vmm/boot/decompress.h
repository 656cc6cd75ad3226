// Compressed kernel payloads, unpacked by the libraries that define the formats.
//
// A Decoder is pulled: it makes just the bytes it is asked for, so a bomb costs what its reader
// allows and no size that stands in the file is believed. DecodedSource turns one into a ByteSource
// read once from front to back, which lets the ELF loader unpack straight into guest RAM.
// Thread rule: one thread, before the machine starts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vmm/boot/byte_source.h"

namespace skiff {

enum class Compression { gzip, bzip2, lzma, xz, lzo, lz4, zstd };

// By magic, as the kernel's lib/decompress.c tells them apart; nothing for anything else.
std::optional<Compression> detect_compression(std::span<const std::byte> head);
std::string_view compression_name(Compression compression);
// False for the formats that are recognised but not unpacked (lzo).
bool can_decompress(Compression compression);

// The packed bytes [offset, offset + length) of an image, in pieces.
class PackedInput {
 public:
  static constexpr std::size_t kChunk = 256 * 1024;

  PackedInput(ByteSource& image, std::uint64_t offset, std::uint64_t length)
      : image_(image), offset_(offset), remaining_(length) {}

  // The next piece, valid until the next call; empty at the end.
  std::span<const std::byte> next();
  // Exactly `size` bytes, or nothing if fewer are left. The caller bounds `size`.
  std::optional<std::span<const std::byte>> take(std::size_t size);
  std::uint64_t remaining() const { return remaining_; }
  const std::string& name() const { return image_.name(); }

 private:
  ByteSource& image_;
  std::uint64_t offset_;
  std::uint64_t remaining_;
  std::vector<std::byte> buffer_;
};

class Decoder {
 public:
  virtual ~Decoder() = default;
  // Fills `out`; returns fewer bytes only at the end of the payload. Throws ConfigError on broken
  // input.
  virtual std::size_t read(std::span<std::byte> out) = 0;
};

// Throws ConfigError for a format that cannot be unpacked.
std::unique_ptr<Decoder> make_decoder(Compression compression, PackedInput input);

class DecodedSource final : public ByteSource {
 public:
  // Its first kHead bytes can be read any number of times, the rest once and in order.
  static constexpr std::size_t kHead = 64 * 1024;

  // Refuses to unpack more than `limit` bytes in all.
  DecodedSource(std::string name, std::unique_ptr<Decoder> decoder, std::uint64_t limit);

  void read(std::uint64_t offset, std::span<std::byte> out) override;
  std::optional<std::uint64_t> size() const override { return std::nullopt; }
  const std::string& name() const override { return name_; }
  std::span<const std::byte> head() const { return head_; }
  // All of it, for readers that must jump about.
  std::vector<std::byte> read_all();

 private:
  void advance(std::span<std::byte> out);
  void check_limit(std::uint64_t end) const;

  std::string name_;
  std::unique_ptr<Decoder> decoder_;
  std::uint64_t limit_;
  std::vector<std::byte> head_;
  std::uint64_t position_ = 0;  // decoded so far
};

}  // namespace skiff
