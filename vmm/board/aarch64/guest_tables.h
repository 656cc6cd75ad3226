// The stage 1 walk's registers, from a vCPU's state.
#pragma once

#include "vmm/board/aarch64/stage1_walk.h"
#include "vmm/kvm/aarch64/vcpu_state.h"

namespace skiff {

inline arm64::Stage1Registers stage1_registers(const VcpuState& state) {
  return {.sctlr = state.sctlr_el1,
          .tcr = state.tcr_el1,
          .ttbr0 = state.ttbr0_el1,
          .ttbr1 = state.ttbr1_el1};
}

}  // namespace skiff
