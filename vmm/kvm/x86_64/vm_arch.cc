#include "vmm/kvm/x86_64/vm_arch.h"

#include <cerrno>

#include "vmm/kvm/kvm_abi.h"
#include "vmm/kvm/kvm_error.h"
#include "vmm/kvm/kvm_irq.h"

namespace skiff {
namespace {

bool enable_capability(const KvmVm& vm, std::uint32_t capability, std::uint64_t argument) {
  kvm_enable_cap request{};
  request.cap = capability;
  request.args[0] = argument;
  return kvm_ioctl(vm.fd(), KVM_ENABLE_CAP, &request) == 0;
}

}  // namespace

void set_real_mode_pages(const KvmVm& vm, std::uint64_t tss, std::uint64_t identity_map) {
  if (kvm_ioctl(vm.fd(), KVM_SET_IDENTITY_MAP_ADDR, &identity_map) != 0) {
    throw_kvm_error("KVM_SET_IDENTITY_MAP_ADDR", errno);
  }
  if (kvm_ioctl(vm.fd(), KVM_SET_TSS_ADDR, static_cast<unsigned long>(tss)) != 0) {
    throw_kvm_error("KVM_SET_TSS_ADDR", errno);
  }
}

void create_irqchip(const KvmVm& vm) {
  if (kvm_ioctl(vm.fd(), KVM_CREATE_IRQCHIP) != 0) {
    throw_kvm_error("cannot create the interrupt chip (KVM_CREATE_IRQCHIP)", errno);
  }
}

void create_split_irqchip(const KvmVm& vm, std::uint32_t ioapic_pins) {
  if (enable_capability(vm, KVM_CAP_SPLIT_IRQCHIP, ioapic_pins)) return;
  const int error = errno;
  if (vm.system().check_extension(KVM_CAP_SPLIT_IRQCHIP) == 0) {
    throw HostError(
        "machine.irqchip = \"split\": this host's KVM has no KVM_CAP_SPLIT_IRQCHIP; use \"kernel\" "
        "or, with one vCPU, \"user\"");
  }
  throw_kvm_error("cannot create the local APICs (KVM_CAP_SPLIT_IRQCHIP)", error);
}

void create_pit(const KvmVm& vm) {
  kvm_pit_config config{};
  // A dummy speaker: without it every guest access to port 0x61 would be an exit.
  config.flags = KVM_PIT_SPEAKER_DUMMY;
  if (kvm_ioctl(vm.fd(), KVM_CREATE_PIT2, &config) != 0) {
    throw_kvm_error("cannot create the timer (KVM_CREATE_PIT2)", errno);
  }
}

std::uint32_t max_irq_routes(const KvmSystem& system) {
  return static_cast<std::uint32_t>(system.check_extension(KVM_CAP_IRQ_ROUTING));
}

bool enable_x2apic_ids(const KvmVm& vm) {
  return enable_capability(vm, KVM_CAP_X2APIC_API,
                           KVM_X2APIC_API_USE_32BIT_IDS | KVM_X2APIC_API_DISABLE_BROADCAST_QUIRK);
}

void enable_emulation_failure_exits(const KvmVm& vm) {
  enable_capability(vm, KVM_CAP_EXIT_ON_EMULATION_FAILURE, 1);
}

unsigned long vm_type(const KvmSystem&, const GuestMemory&) {
  return 0;  // the usual one; others are for confidential guests
}

std::vector<kvm_irq_routing_entry> default_irq_routes() {
  // As arch/x86/kvm/irq_comm.c wires a new chip: GSI n is IOAPIC pin n, and below 16 a PIC pin too.
  std::vector<kvm_irq_routing_entry> entries;
  entries.reserve(kIoapicPins + 16);
  for (std::uint32_t gsi = 0; gsi < kIoapicPins; ++gsi) {
    kvm_irq_routing_entry entry{};
    entry.gsi = gsi;
    entry.type = KVM_IRQ_ROUTING_IRQCHIP;
    if (gsi < 16) {
      entry.u.irqchip.irqchip = gsi < 8 ? KVM_IRQCHIP_PIC_MASTER : KVM_IRQCHIP_PIC_SLAVE;
      entry.u.irqchip.pin = gsi % 8;
      entries.push_back(entry);
    }
    entry.u.irqchip.irqchip = KVM_IRQCHIP_IOAPIC;
    entry.u.irqchip.pin = gsi;
    entries.push_back(entry);
  }
  return entries;
}

}  // namespace skiff
