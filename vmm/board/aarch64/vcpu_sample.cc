#include "vmm/board/vcpu_sample.h"

#include "vmm/board/aarch64/exception_names.h"
#include "vmm/kvm/aarch64/vcpu_state.h"

namespace skiff {

VcpuSample sample_vcpu(const KvmVcpu& vcpu) {
  VcpuSample sample{.run_state = get_run_state(vcpu)};
  const auto state = get_vcpu_state(vcpu);
  if (!state) return sample;
  constexpr std::uint64_t kIrqMasked = 1U << 7;
  sample.has_registers = true;
  sample.address = state->pc;
  sample.tables = state->ttbr0_el1;
  sample.is_user = (state->pstate & 0xf) == 0;
  sample.takes_interrupts = (state->pstate & kIrqMasked) == 0;
  sample.mode = arm64::pstate_text(state->pstate);
  return sample;
}

// What the guest's memory says through its page tables is not looked at yet.

std::vector<std::uint64_t> kernel_stack(const KvmVcpu& /*vcpu*/, const GuestMemory& /*memory*/,
                                        std::size_t /*count*/) {
  return {};
}

std::optional<LinuxView> find_linux(const KvmVcpu& /*vcpu*/, const GuestMemory& /*memory*/,
                                    const FileSymbols& /*file*/, std::size_t /*most*/) {
  return std::nullopt;
}

}  // namespace skiff
