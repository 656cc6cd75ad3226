// A vCPU's virtual memory through its stage 1 tables, whole pages at a time, and where in it a
// Linux kernel's image lies. Pure; compiled for the tests of every host. Source: Linux
// Documentation/arm64/memory.rst; arch/arm64/mm/mmu.c (map_kernel).
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "vmm/base/range.h"
#include "vmm/board/aarch64/stage1_walk.h"

namespace skiff::arm64 {

// Thread rule: one thread at a time. What it is given outlives it.
class KernelMemory {
 public:
  KernelMemory(const Stage1Registers& registers, const PhysicalReader& read)
      : registers_(registers), read_(read) {}

  // False if any byte is not mapped to RAM. One walk a page of 4 KiB; the last one is remembered.
  bool read(std::uint64_t address, std::span<std::byte> out);

 private:
  const Stage1Registers& registers_;
  const PhysicalReader& read_;
  Stage1Walk last_{};
  std::uint64_t last_page_ = 1;  // [4 KiB aligned]; 1: none
};

// Whether a vCPU that was made to leave the guest waited for an interrupt: the instruction before
// `pc` is WFI, which KVM ends, and steps over, when it leaves (DDI 0487, C6.2). Not WFIT: it waits
// for a time, as in the delays of a kernel that has panicked.
bool has_waited(const Stage1Registers& registers, std::uint64_t pc, const PhysicalReader& read);

// The image that `inside`, an address in the kernel's text such as VBAR_EL1, belongs to: what is
// mapped around it without a gap, in steps of 64 KiB, to which a kernel aligns its segments, and at
// most 128 MiB to either side. Begins one step lower: the image's header is not mapped, but symbols
// count from there. Nothing in the lower half, or where `inside` is not mapped.
std::optional<Range> kernel_image(const Stage1Registers& registers, std::uint64_t inside,
                                  const PhysicalReader& read);

}  // namespace skiff::arm64
