#include "vmm/kvm/aarch64/kvm_gic.h"

#include <fmt/format.h>

#include <cerrno>

#include "vmm/base/error.h"
#include "vmm/kvm/aarch64/register_ids.h"
#include "vmm/kvm/kvm_abi.h"
#include "vmm/kvm/kvm_error.h"

namespace skiff {
namespace {

// An empty descriptor, and errno, where the host has no such device.
Fd create_device(const KvmVm& vm, std::uint32_t type) {
  kvm_create_device argument{};
  argument.type = type;
  if (kvm_ioctl(vm.fd(), KVM_CREATE_DEVICE, &argument) != 0) return {};
  return Fd(static_cast<int>(argument.fd));
}

void set_attribute(const Fd& device, std::uint32_t group, std::uint64_t attribute,
                   const void* value, const char* what) {
  kvm_device_attr argument{};
  argument.group = group;
  argument.attr = attribute;
  argument.addr = reinterpret_cast<std::uint64_t>(value);
  if (kvm_ioctl(device.get(), KVM_SET_DEVICE_ATTR, &argument) != 0) {
    throw_kvm_error(fmt::format("cannot set up the interrupt controller: {}", what), errno);
  }
}

void set_address(const Fd& device, std::uint64_t type, std::uint64_t address, const char* what) {
  set_attribute(device, KVM_DEV_ARM_VGIC_GRP_ADDR, type, &address, what);
}

}  // namespace

KvmGic::KvmGic(const KvmVm& vm, const GicPlaces& places, std::uint32_t spis,
               std::optional<GicVersion> wanted)
    : places_(places), spis_(spis) {
  if (wanted != GicVersion::v2) gic_ = create_device(vm, KVM_DEV_TYPE_ARM_VGIC_V3);
  if (!gic_ && wanted != GicVersion::v3) {
    version_ = GicVersion::v2;
    gic_ = create_device(vm, KVM_DEV_TYPE_ARM_VGIC_V2);
  }
  if (!gic_ && wanted) {
    const int version = static_cast<int>(*wanted);
    throw_kvm_error(
        fmt::format("machine.irqchip = \"gicv{}\": this host's KVM offers no GICv{}; use \"auto\"",
                    version, version),
        errno);
  }
  if (!gic_) throw_kvm_error("this host's KVM offers neither a GICv3 nor a GICv2", errno);
  set_address(gic_,
              version_ == GicVersion::v3 ? KVM_VGIC_V3_ADDR_TYPE_DIST : KVM_VGIC_V2_ADDR_TYPE_DIST,
              places.distributor, "the distributor's address");
  if (version_ == GicVersion::v2) {
    set_address(gic_, KVM_VGIC_V2_ADDR_TYPE_CPU, places.cpu_interface,
                "the CPU interface's address");
    return;
  }
  its_ = create_device(vm, KVM_DEV_TYPE_ARM_VGIC_ITS);
  if (its_) set_address(its_, KVM_VGIC_ITS_ADDR_TYPE, places.its, "the ITS's address");
}

void KvmGic::initialize(std::uint32_t vcpus) {
  if (version_ == GicVersion::v3) {
    if (vcpus > places_.redistributors.size / kRedistributorSize) {
      throw HostError(fmt::format("the board has room for the redistributors of {} vCPUs",
                                  places_.redistributors.size / kRedistributorSize));
    }
    // arm-vgic-v3.rst: bits 52-63 count, 16-51 are the base, 0-11 the region's index.
    const std::uint64_t region = std::uint64_t{vcpus} << 52 | places_.redistributors.start;
    set_attribute(gic_, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_REDIST_REGION, &region,
                  "the redistributors' addresses");
  }
  const std::uint32_t interrupts = arm64::kFirstSpi + spis_;
  set_attribute(gic_, KVM_DEV_ARM_VGIC_GRP_NR_IRQS, 0, &interrupts, "the number of interrupts");
  set_attribute(gic_, KVM_DEV_ARM_VGIC_GRP_CTRL, KVM_DEV_ARM_VGIC_CTRL_INIT, nullptr,
                "its initialization");
  if (its_) {
    set_attribute(its_, KVM_DEV_ARM_VGIC_GRP_CTRL, KVM_DEV_ARM_VGIC_CTRL_INIT, nullptr,
                  "the ITS's initialization");
  }
}

}  // namespace skiff
