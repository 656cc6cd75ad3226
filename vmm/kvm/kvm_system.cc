#include "vmm/kvm/kvm_system.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <cerrno>

#include "vmm/kvm/kvm_abi.h"
#include "vmm/kvm/kvm_error.h"

namespace skiff {
namespace {

Fd open_device() {
  Fd fd(::open(KvmSystem::kDevice, O_RDWR | O_CLOEXEC));
  if (fd) return fd;
  const int error = errno;
  switch (error) {
    case ENOENT:
    case ENODEV:
    case ENXIO:
      throw HostError(
          "/dev/kvm is missing: this kernel has no KVM, or the module is not loaded "
          "(`modprobe kvm_intel` or `modprobe kvm_amd`; in a virtual machine, nested "
          "virtualization must be on). `skiff check` says more.");
    case EACCES:
    case EPERM:
      throw HostError(
          "/dev/kvm is there, but this user may not open it: join its group with "
          "`sudo usermod -aG kvm $USER` and log in again. `skiff check` says more.");
    default:
      throw HostError::from_errno("cannot open /dev/kvm", error);
  }
}

}  // namespace

KvmSystem::KvmSystem() : fd_(open_device()) {
  const int version = kvm_ioctl(fd_.get(), KVM_GET_API_VERSION);
  if (version < 0) throw_kvm_error("KVM_GET_API_VERSION on /dev/kvm", errno);
  if (version != kApiVersion) {
    throw HostError(
        fmt::format("/dev/kvm speaks API version {}, Skiff needs {}", version, kApiVersion));
  }
  const int size = kvm_ioctl(fd_.get(), KVM_GET_VCPU_MMAP_SIZE);
  if (size < static_cast<int>(sizeof(kvm_run))) {
    throw_kvm_error("KVM_GET_VCPU_MMAP_SIZE", size < 0 ? errno : EINVAL);
  }
  vcpu_mmap_size_ = static_cast<std::size_t>(size);
}

std::uint32_t KvmSystem::coalesced_page() const {
  const int page = check_extension(KVM_CAP_COALESCED_MMIO);
  return page > 0 ? static_cast<std::uint32_t>(page) : 0;
}

bool KvmSystem::coalesces_ports() const {
  return check_extension(KVM_CAP_COALESCED_PIO) > 0;
}

int KvmSystem::check_extension(int capability) const {
  const int result =
      kvm_ioctl(fd_.get(), KVM_CHECK_EXTENSION, static_cast<unsigned long>(capability));
  return result < 0 ? 0 : result;
}

std::uint32_t KvmSystem::max_vcpus() const {
  const int maximum = check_extension(KVM_CAP_MAX_VCPUS);
  // api.rst 4.4: where the capability is absent, the limit is that of KVM_CAP_NR_VCPUS.
  return maximum > 0 ? static_cast<std::uint32_t>(maximum) : recommended_vcpus();
}

std::uint32_t KvmSystem::recommended_vcpus() const {
  const int recommended = check_extension(KVM_CAP_NR_VCPUS);
  return recommended > 0 ? static_cast<std::uint32_t>(recommended) : 4;
}

Fd KvmSystem::create_vm(unsigned long type) const {
  Fd vm(kvm_ioctl(fd_.get(), KVM_CREATE_VM, type));
  if (!vm) throw_kvm_error("cannot create a VM (KVM_CREATE_VM)", errno);
  return vm;
}

}  // namespace skiff
