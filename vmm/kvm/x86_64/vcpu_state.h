// An x86 vCPU's architectural state as plain data: set at boot, read for reports.
// Names and meanings: Intel SDM volume 3, chapters 2 and 3.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <string>

#include "vmm/kvm/kvm_vcpu.h"

namespace skiff {

struct SegmentState {
  std::uint64_t base = 0;
  std::uint32_t limit = 0;
  std::uint16_t selector = 0;
  std::uint8_t type = 0;
  std::uint8_t dpl = 0;
  bool present = false;
  bool s = false;   // code or data (not a system segment)
  bool l = false;   // 64-bit code
  bool db = false;  // 32-bit default size
  bool g = false;   // limit counts pages
  bool avl = false;
};

struct DescriptorTable {
  std::uint64_t base = 0;
  std::uint16_t limit = 0;
};

struct VcpuState {
  std::uint64_t rax = 0, rbx = 0, rcx = 0, rdx = 0, rsi = 0, rdi = 0, rsp = 0, rbp = 0;
  std::uint64_t r8 = 0, r9 = 0, r10 = 0, r11 = 0, r12 = 0, r13 = 0, r14 = 0, r15 = 0;
  std::uint64_t rip = 0, rflags = 2;  // bit 1 of RFLAGS is always set
  SegmentState cs{}, ds{}, es{}, fs{}, gs{}, ss{}, tr{}, ldt{};
  DescriptorTable gdt{}, idt{};
  std::uint64_t cr0 = 0, cr2 = 0, cr3 = 0, cr4 = 0, cr8 = 0, efer = 0;
  std::uint64_t apic_base = 0;  // read only: set_vcpu_state leaves the vCPU's own
};

// Called on the vCPU's thread, or while that thread does not run it.
std::expected<VcpuState, std::string> get_vcpu_state(const KvmVcpu& vcpu);
// Throws HostError where KVM refuses the state.
void set_vcpu_state(const KvmVcpu& vcpu, const VcpuState& state);

// Clears the global enable of IA32_APIC_BASE (SDM volume 3, 11.4.3): a new vCPU has it set even
// where it has no local APIC, and KVM then shows the guest one in CPUID. Throws HostError.
void disable_local_apic(const KvmVcpu& vcpu);

// Injects a non-maskable interrupt. False if the host cannot.
bool inject_nmi(const KvmVcpu& vcpu) noexcept;

}  // namespace skiff
