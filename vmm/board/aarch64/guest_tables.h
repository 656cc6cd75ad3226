// The stage 1 walk's arguments, from a vCPU's state and its guest's memory.
#pragma once

#include "vmm/board/aarch64/stage1_walk.h"
#include "vmm/io/guest_memory.h"
#include "vmm/kvm/aarch64/vcpu_state.h"

namespace skiff {

inline arm64::Stage1Registers stage1_registers(const VcpuState& state) {
  return {.sctlr = state.sctlr_el1,
          .tcr = state.tcr_el1,
          .ttbr0 = state.ttbr0_el1,
          .ttbr1 = state.ttbr1_el1};
}

// `memory` outlives it.
inline arm64::PhysicalReader physical_reader(const GuestMemory& memory) {
  return [&memory](std::uint64_t address, std::span<std::byte> out) {
    return memory.read(GuestAddress(address), out);
  };
}

}  // namespace skiff
