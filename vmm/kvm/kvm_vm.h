// One virtual machine in the kernel: its memory slots, its interrupt chip, its vCPUs.
// Source: Linux Documentation/virt/kvm/api.rst.
#pragma once

#include <cstdint>
#include <memory>

#include "vmm/base/fd.h"
#include "vmm/base/range.h"
#include "vmm/io/guest_memory.h"
#include "vmm/io/hw_description.h"
#include "vmm/kvm/kvm_system.h"
#include "vmm/kvm/kvm_vcpu.h"

namespace skiff {

// Order matters to start-up time: map_memory before the interrupt chip is created (0.1 ms against
// 7 ms of SRCU grace periods on some hosts). Thread rule: set up by one thread.
class KvmVm {
 public:
  // `system` and `memory` outlive the VM.
  KvmVm(const KvmSystem& system, const GuestMemory& memory);

  int fd() const { return fd_.get(); }
  const KvmSystem& system() const { return system_; }

  // Gives the guest each region of its memory as one slot (KVM_SET_USER_MEMORY_REGION).
  void map_memory();
  // From now on KVM collects the guest's writes there (KVM_REGISTER_COALESCED_MMIO) in the ring
  // that KvmVcpu::coalesced_page shows. False where it cannot: they are exits then.
  bool collect_writes(IoSpace space, Range range);
  // KVM_CREATE_VCPU. `id` is the vCPU's number, where there are APICs its APIC id.
  std::unique_ptr<KvmVcpu> create_vcpu(std::uint32_t id);

 private:
  const KvmSystem& system_;
  const GuestMemory& memory_;
  Fd fd_;
};

// The machine type of a VM with this memory (api.rst 4.2). One per architecture.
unsigned long vm_type(const KvmSystem& system, const GuestMemory& memory);

}  // namespace skiff
