// Doorbells by ioeventfd: guest writes the kernel turns into a signalled eventfd, with no exit.
// Source: Linux Documentation/virt/kvm/api.rst 4.59.
#pragma once

#include "vmm/io/doorbell.h"
#include "vmm/kvm/kvm_vm.h"

namespace skiff {

// Thread rule: any thread. Outlives its doorbells.
class KvmDoorbells final : public DoorbellRegistry {
 public:
  explicit KvmDoorbells(const KvmVm& vm) : vm_(vm) {}
  std::expected<std::unique_ptr<Doorbell>, std::string> attach(const DoorbellAddress& address,
                                                               const EventFd& event) override;

 private:
  const KvmVm& vm_;
};

}  // namespace skiff
