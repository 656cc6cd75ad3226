// Whether a vCPU runs or waits, as KVM's own interrupt controller sees it.
// Source: Linux Documentation/virt/kvm/api.rst, 4.38 KVM_GET_MP_STATE.
#pragma once

#include <optional>

#include "vmm/kvm/kvm_vcpu.h"

namespace skiff {

enum class VcpuRunState {
  runnable,
  halted,             // waits for an interrupt (HLT)
  waiting_for_start,  // not started by the guest yet (INIT, SIPI; PSCI: off)
  other,
};

// Called while the vCPU's thread does not run it. Nothing where this KVM cannot tell.
std::optional<VcpuRunState> get_run_state(const KvmVcpu& vcpu) noexcept;

}  // namespace skiff
