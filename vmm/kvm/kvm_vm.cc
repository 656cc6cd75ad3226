#include "vmm/kvm/kvm_vm.h"

#include <fmt/format.h>

#include <cerrno>

#include "vmm/base/bits.h"
#include "vmm/kvm/kvm_abi.h"
#include "vmm/kvm/kvm_error.h"

namespace skiff {

KvmVm::KvmVm(const KvmSystem& system, const GuestMemory& memory)
    : system_(system), memory_(memory), fd_(system.create_vm(vm_type(system, memory))) {}

void KvmVm::map_memory() {
  std::uint32_t slot = 0;
  for (const GuestMemory::Region& region : memory_.regions()) {
    const kvm_userspace_memory_region argument{
        .slot = slot++,
        .flags = 0,
        .guest_phys_addr = region.range.start,
        .memory_size = region.range.size,
        .userspace_addr = reinterpret_cast<std::uint64_t>(region.host),
    };
    if (kvm_ioctl(fd_.get(), KVM_SET_USER_MEMORY_REGION, &argument) != 0) {
      throw_kvm_error(fmt::format("cannot give the guest {} MiB of RAM at {:#x}",
                                  region.range.size / MiB, region.range.start),
                      errno);
    }
  }
}

bool KvmVm::collect_writes(IoSpace space, Range range) {
  const bool is_port = space == IoSpace::port;
  if (system_.coalesced_page() == 0 || (is_port && !system_.coalesces_ports())) return false;
  const kvm_coalesced_mmio_zone zone{
      .addr = range.start, .size = static_cast<__u32>(range.size), .pio = is_port ? 1U : 0U};
  return kvm_ioctl(fd_.get(), KVM_REGISTER_COALESCED_MMIO, &zone) == 0;
}

std::unique_ptr<KvmVcpu> KvmVm::create_vcpu(std::uint32_t id) {
  Fd vcpu(kvm_ioctl(fd_.get(), KVM_CREATE_VCPU, static_cast<unsigned long>(id)));
  if (!vcpu && errno == EINVAL) {
    throw HostError(fmt::format("KVM: cannot create vCPU {}: this host allows {} vCPUs per VM", id,
                                system_.max_vcpus()));
  }
  if (!vcpu) throw_kvm_error(fmt::format("cannot create vCPU {}", id), errno);
  return std::make_unique<KvmVcpu>(id, std::move(vcpu), system_.vcpu_mmap_size());
}

}  // namespace skiff
