// /dev/kvm itself: what the host offers, and the door to a VM.
// Source: Linux Documentation/virt/kvm/api.rst, sections 4.1 to 4.5.
#pragma once

#include <cstdint>

#include "vmm/base/fd.h"

namespace skiff {

// Thread rule: immutable after construction; any thread.
class KvmSystem {
 public:
  static constexpr int kApiVersion = 12;
  static constexpr const char* kDevice = "/dev/kvm";

  // Opens /dev/kvm and checks the API version. Throws HostError that says what to do (load the
  // module, join the group).
  KvmSystem();

  int fd() const { return fd_.get(); }
  // KVM_CHECK_EXTENSION: 0 where the host lacks it. `capability` is a KVM_CAP_ number.
  int check_extension(int capability) const;
  // Size of the shared kvm_run area of each vCPU. [bytes]
  std::size_t vcpu_mmap_size() const { return vcpu_mmap_size_; }
  // Where in a vCPU's mapping the ring of collected writes is (KVM_CAP_COALESCED_MMIO) [pages]; 0:
  // this KVM collects none. Whether it collects those to ports too (KVM_CAP_COALESCED_PIO).
  std::uint32_t coalesced_page() const;
  bool coalesces_ports() const;
  // KVM_CAP_MAX_VCPUS and KVM_CAP_NR_VCPUS (recommended).
  std::uint32_t max_vcpus() const;
  std::uint32_t recommended_vcpus() const;

  // A new, empty VM. `type`: KVM_CREATE_VM's machine type. Throws HostError.
  Fd create_vm(unsigned long type) const;

 private:
  Fd fd_;
  std::size_t vcpu_mmap_size_ = 0;
};

}  // namespace skiff
