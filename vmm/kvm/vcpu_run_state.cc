#include "vmm/kvm/vcpu_run_state.h"

#include "vmm/kvm/kvm_abi.h"
#include "vmm/kvm/kvm_error.h"

namespace skiff {

std::optional<VcpuRunState> get_run_state(const KvmVcpu& vcpu) noexcept {
  kvm_mp_state state{};
  if (kvm_ioctl(vcpu.fd(), KVM_GET_MP_STATE, &state) != 0) return std::nullopt;
  switch (state.mp_state) {
    case KVM_MP_STATE_RUNNABLE:
      return VcpuRunState::runnable;
    case KVM_MP_STATE_HALTED:
      return VcpuRunState::halted;
    case KVM_MP_STATE_UNINITIALIZED:
    case KVM_MP_STATE_INIT_RECEIVED:
    case KVM_MP_STATE_SIPI_RECEIVED:
    case KVM_MP_STATE_STOPPED:
      return VcpuRunState::waiting_for_start;
    default:
      return VcpuRunState::other;
  }
}

}  // namespace skiff
