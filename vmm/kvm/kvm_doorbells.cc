#include "vmm/kvm/kvm_doorbells.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>

#include "vmm/kvm/kvm_abi.h"
#include "vmm/kvm/kvm_error.h"

namespace skiff {
namespace {

class KvmDoorbell final : public Doorbell {
 public:
  KvmDoorbell(int vm_fd, const kvm_ioeventfd& attached) : vm_fd_(vm_fd), attached_(attached) {}
  ~KvmDoorbell() override {
    attached_.flags |= KVM_IOEVENTFD_FLAG_DEASSIGN;
    kvm_ioctl(vm_fd_, KVM_IOEVENTFD, &attached_);
  }
  KvmDoorbell(const KvmDoorbell&) = delete;
  KvmDoorbell& operator=(const KvmDoorbell&) = delete;

 private:
  const int vm_fd_;
  kvm_ioeventfd attached_;
};

}  // namespace

std::expected<std::unique_ptr<Doorbell>, std::string> KvmDoorbells::attach(
    const DoorbellAddress& address, const EventFd& event) {
  kvm_ioeventfd argument{};
  argument.addr = address.address;
  argument.len = address.width;
  argument.fd = event.fd();
  if (address.space == IoSpace::port) argument.flags |= KVM_IOEVENTFD_FLAG_PIO;
  if (address.value) {
    argument.flags |= KVM_IOEVENTFD_FLAG_DATAMATCH;
    argument.datamatch = *address.value;
  }
  if (kvm_ioctl(vm_.fd(), KVM_IOEVENTFD, &argument) != 0) {
    return std::unexpected(
        fmt::format("KVM_IOEVENTFD at {:#x}: {}", address.address, std::strerror(errno)));
  }
  return std::make_unique<KvmDoorbell>(vm_.fd(), argument);
}

}  // namespace skiff
