// What an x86 VM has besides memory and vCPUs: interrupt chip, timer, and two pages for old Intel.
// Source: Linux Documentation/virt/kvm/api.rst 4.24, 4.36, 4.71, 4.77, 7.5.
#pragma once

#include <cstdint>

#include "vmm/kvm/kvm_vm.h"

namespace skiff {

// IOAPIC pins of the in-kernel chip; message routes take the GSIs from here on.
inline constexpr std::uint32_t kIoapicPins = 24;

// Three pages at `tss` and one at `identity_map` that Intel processors without unrestricted guest
// mode need while the guest is in real mode. Below 4 GiB, outside RAM and devices. Throws
// HostError.
void set_real_mode_pages(const KvmVm& vm, std::uint64_t tss, std::uint64_t identity_map);
// PIC pair, IOAPIC, and a local APIC in every vCPU created afterwards. Throws HostError.
void create_irqchip(const KvmVm& vm);
// Local APICs only, in every vCPU created afterwards; PIC and IOAPIC are Skiff's, and the first
// `ioapic_pins` GSIs the IOAPIC's (KVM_CAP_SPLIT_IRQCHIP). Throws HostError.
void create_split_irqchip(const KvmVm& vm, std::uint32_t ioapic_pins);
// The 8254, with its speaker port 0x61. Needs the interrupt chip. Throws HostError.
void create_pit(const KvmVm& vm);
// KVM_CAP_IRQ_ROUTING: how many routes a table may have.
std::uint32_t max_irq_routes(const KvmSystem& system);
// Lets the guest use 32-bit APIC ids in messages (more than 255 vCPUs). False if the host cannot.
bool enable_x2apic_ids(const KvmVm& vm);
// Tells whether this host's KVM reports the bytes of an instruction it could not emulate; asks it
// to report emulation failures at all privilege levels instead of injecting #UD (best effort).
void enable_emulation_failure_exits(const KvmVm& vm);

}  // namespace skiff
