#include "vmm/boot/aarch64/image_header.h"

#include <fmt/format.h>

#include "vmm/base/bits.h"
#include "vmm/base/bytes.h"
#include "vmm/base/error.h"

namespace skiff::arm64 {
namespace {

constexpr std::uint64_t kTextOffset = 8;
constexpr std::uint64_t kImageSize = 16;
constexpr std::uint64_t kFlags = 24;
constexpr std::uint64_t kMagic = 56;
constexpr std::uint32_t kMagicValue = 0x644d'5241;  // "ARM\x64"

constexpr std::uint64_t kFlagBigEndian = 1U << 0;
constexpr std::uint64_t kFlagAnywhere = 1U << 3;

// booting.rst: before 3.17 image_size was zero and text_offset, of unknown endianness, 0x80000.
constexpr std::uint64_t kOldTextOffset = 0x8'0000;

constexpr std::uint16_t kMz = 0x5a4d;
constexpr std::uint32_t kZimg = 0x676d'697a;  // "zimg"
constexpr std::uint64_t kZimgAt = 4;
constexpr std::uint64_t kPayloadOffset = 8;
constexpr std::uint64_t kPayloadSize = 12;

}  // namespace

std::optional<ImageHeader> parse_image_header(std::span<const std::byte> head,
                                              const std::string& name) {
  if (load_le<std::uint32_t>(head, kMagic) != kMagicValue) return std::nullopt;
  if (head.size() < kImageHeaderSize) return std::nullopt;
  const std::uint64_t flags = *load_le<std::uint64_t>(head, kFlags);
  ImageHeader header{.text_offset = *load_le<std::uint64_t>(head, kTextOffset),
                     .size = *load_le<std::uint64_t>(head, kImageSize),
                     .is_big_endian = (flags & kFlagBigEndian) != 0,
                     .anywhere = (flags & kFlagAnywhere) != 0};
  if (header.size == 0) header.text_offset = kOldTextOffset;
  if (header.text_offset >= 2 * MiB) {
    throw ConfigError(fmt::format("{} is broken: its text offset {:#x} is not below 2 MiB", name,
                                  header.text_offset));
  }
  if (!is_aligned<std::uint64_t>(header.text_offset, 4)) {
    throw ConfigError(fmt::format("{} is broken: its text offset {:#x} is no multiple of 4", name,
                                  header.text_offset));
  }
  return header;
}

std::optional<ZbootPayload> parse_zboot_header(std::span<const std::byte> head,
                                               std::uint64_t file_size, const std::string& name) {
  if (load_le<std::uint16_t>(head, 0) != kMz || load_le<std::uint32_t>(head, kZimgAt) != kZimg) {
    return std::nullopt;
  }
  const auto offset = load_le<std::uint32_t>(head, kPayloadOffset);
  const auto size = load_le<std::uint32_t>(head, kPayloadSize);
  if (!offset || !size || *size == 0 || !fits(file_size, *offset, *size)) {
    throw ConfigError(fmt::format("{} is broken: the kernel packed in it runs past its end", name));
  }
  return ZbootPayload{.offset = *offset, .size = *size};
}

}  // namespace skiff::arm64
