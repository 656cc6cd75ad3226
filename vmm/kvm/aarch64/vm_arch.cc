#include "vmm/kvm/aarch64/vm_arch.h"

#include "vmm/kvm/aarch64/register_ids.h"
#include "vmm/kvm/kvm_abi.h"

namespace skiff {

unsigned ipa_bits(const KvmSystem& system, const GuestMemory& memory) {
  const auto limit = static_cast<unsigned>(system.check_extension(KVM_CAP_ARM_VM_IPA_SIZE));
  const std::uint64_t end = memory.regions().back().range.last() + 1;
  return arm64::choose_ipa_bits(limit, end);
}

std::uint32_t max_irq_routes(const KvmSystem& system) {
  return static_cast<std::uint32_t>(system.check_extension(KVM_CAP_IRQ_ROUTING));
}

unsigned long vm_type(const KvmSystem& system, const GuestMemory& memory) {
  // 0 is the 40 bits of kernels that cannot be asked.
  if (system.check_extension(KVM_CAP_ARM_VM_IPA_SIZE) <= 0) return 0;
  return KVM_VM_TYPE_ARM_IPA_SIZE(ipa_bits(system, memory));
}

}  // namespace skiff
