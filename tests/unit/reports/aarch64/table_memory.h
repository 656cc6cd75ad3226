// A few pages of guest-physical memory for translation tables.
#pragma once

#include <cstddef>
#include <cstdint>

#include "tests/unit/reports/physical_ram.h"
#include "vmm/board/aarch64/stage1_walk.h"

namespace skiff::arm64 {

class TableMemory : public PhysicalRam {
 public:
  explicit TableMemory(std::size_t size = 0x10'0000) : PhysicalRam(size) {}

  void put(std::uint64_t address, std::uint64_t value) { copy_in(address, &value, 8); }
  void fill(std::uint64_t value) {
    for (std::size_t at = 0; at < size(); at += 8)
      put(at, value);
  }
};

// Descriptors: a table; a page or block with AF, for EL1, writable.
constexpr std::uint64_t table_at(std::uint64_t address) {
  return address | 3;
}
constexpr std::uint64_t page_at(std::uint64_t address) {
  return address | 0x403;
}
constexpr std::uint64_t block_at(std::uint64_t address) {
  return address | 0x401;
}

// Both halves with 48 bits of address and granules of 4 KiB, as Linux has them.
constexpr std::uint64_t kTcr4K48 = 16 | 16ULL << 16 | 2ULL << 30;

}  // namespace skiff::arm64
