#include "vmm/board/vcpu_sample.h"

namespace skiff {

// Whether it runs is all KVM is asked here: registers and page tables come with the arm64 vCPU
// state.
VcpuSample sample_vcpu(const KvmVcpu& vcpu) {
  return {.run_state = get_run_state(vcpu)};
}

std::vector<std::uint64_t> kernel_stack(const KvmVcpu& /*vcpu*/, const GuestMemory& /*memory*/,
                                        std::size_t /*count*/) {
  return {};
}

std::optional<LinuxView> find_linux(const KvmVcpu& /*vcpu*/, const GuestMemory& /*memory*/,
                                    const FileSymbols& /*file*/, std::size_t /*most*/) {
  return std::nullopt;
}

}  // namespace skiff
