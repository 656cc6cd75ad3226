// Multiboot 1 headers (Multiboot Specification 0.6.96, section 3.1). Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace skiff {

inline constexpr std::size_t kMultibootSearch = 8192;  // the header lies in the first 8 KiB

struct MultibootHeader {
  std::uint32_t flags = 0;
  std::uint64_t offset = 0;  // of the header in the file
  // Valid with kMultibootAddresses in `flags`.
  std::uint32_t header_address = 0, load_address = 0, load_end = 0, bss_end = 0, entry = 0;
};

inline constexpr std::uint32_t kMultibootAddresses = 1U << 16;

// The first header with a right checksum at a multiple of 4; one that is cut off by the end of
// `head` counts as none.
std::optional<MultibootHeader> find_multiboot_header(std::span<const std::byte> head);

}  // namespace skiff
