// The header of an arm64 kernel `Image`, and that of an EFI zboot image around a compressed one.
// Sources: Linux Documentation/arm64/booting.rst, "Call the kernel image";
// drivers/firmware/efi/libstub/zboot-header.S.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "vmm/boot/byte_source.h"

namespace skiff::arm64 {

inline constexpr std::size_t kImageHeaderSize = 64;

struct ImageHeader {
  std::uint64_t text_offset = 0;  // from a 2 MiB boundary [bytes]
  std::uint64_t size = 0;         // of memory that the kernel needs from there on [bytes]
  bool is_big_endian = false;
  bool anywhere = false;  // any 2 MiB boundary will do; else the lowest of RAM is best
};

// Nothing where the first bytes carry no arm64 magic. Throws ConfigError, naming `name`, where they
// do and the rest contradicts it.
std::optional<ImageHeader> parse_image_header(std::span<const std::byte> head,
                                              const std::string& name);

// Where the compressed kernel lies in an EFI zboot image.
struct ZbootPayload {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};
// Nothing for any other file; throws ConfigError where the payload runs past `file_size`.
std::optional<ZbootPayload> parse_zboot_header(std::span<const std::byte> head,
                                               std::uint64_t file_size, const std::string& name);

}  // namespace skiff::arm64
