// A vCPU's linear memory through its page tables, whole pages at a time, and where in it a Linux
// kernel's image lies.
// Source of the layout: Linux Documentation/arch/x86/x86_64/mm.rst.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "vmm/base/range.h"
#include "vmm/board/x86_64/page_walk.h"

namespace skiff {

// Thread rule: one thread at a time. `state` and `read` outlive it.
class LinearMemory {
 public:
  LinearMemory(const VcpuState& state, const PhysicalReader& read) : state_(state), read_(read) {}

  // False if any byte is not mapped to RAM. One page walk a page; the last one is remembered.
  bool read(std::uint64_t linear, std::span<std::byte> out);

 private:
  const VcpuState& state_;
  const PhysicalReader& read_;
  PageWalk last_{};
  std::uint64_t last_page_ = 1;  // [4 KiB aligned]; 1: none
};

// The ranges between 0xffffffff80000000 and 0xffffffffc0000000 that are mapped without a gap, where
// a 64-bit Linux kernel's image is, wherever KASLR has put it; looked at in steps of 2 MiB (KASLR's
// own). At most 8, the largest first. Empty outside long mode.
std::vector<Range> kernel_images(const VcpuState& state, const PhysicalReader& read);

}  // namespace skiff
