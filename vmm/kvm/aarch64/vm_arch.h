// How large an arm64 VM's address space is.
// Source: Linux Documentation/virt/kvm/api.rst 4.2 (machine type), KVM_CAP_ARM_VM_IPA_SIZE.
#pragma once

#include "vmm/kvm/kvm_vm.h"

namespace skiff {

// Bits of guest-physical address of a VM with this memory (as KvmVm was created).
unsigned ipa_bits(const KvmSystem& system, const GuestMemory& memory);
// KVM_CAP_IRQ_ROUTING: how many routes a table may have.
std::uint32_t max_irq_routes(const KvmSystem& system);

}  // namespace skiff
