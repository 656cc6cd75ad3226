// An arm64 vCPU: what it can do, the registers it boots with, and what reports read of it.
// Source: Linux Documentation/virt/kvm/api.rst 4.68, 4.82 (KVM_ARM_VCPU_INIT), 4.83
// (KVM_ARM_PREFERRED_TARGET); names from ARM DDI 0487.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <span>
#include <string>

#include "vmm/kvm/kvm_vcpu.h"
#include "vmm/kvm/kvm_vm.h"

namespace skiff {

// What a guest's processor has beyond the base, where the host's has it.
struct VcpuFeatures {
  bool pmu = false;    // PMUv3, with the interrupt PPI 7
  bool sve = false;    // scalable vectors
  bool pauth = false;  // pointer authentication, both kinds
};
// Of those, what this host's KVM gives.
VcpuFeatures offered_features(const KvmSystem& system);

// General registers at EL1, and what an exception left.
struct VcpuState {
  std::array<std::uint64_t, 31> x{};
  std::uint64_t sp_el0 = 0, sp_el1 = 0, pc = 0, pstate = 0;
  std::uint64_t elr_el1 = 0, spsr_el1 = 0;
  std::uint64_t sctlr_el1 = 0, tcr_el1 = 0, ttbr0_el1 = 0, ttbr1_el1 = 0;
  std::uint64_t esr_el1 = 0, far_el1 = 0, vbar_el1 = 0;
};

// KVM_ARM_VCPU_INIT with the host's preferred target and PSCI 0.2; SVE is finalized. `powered_off`:
// it waits for the guest's PSCI CPU_ON. Must come before any register is set. Throws HostError.
void initialize_vcpu(const KvmVm& vm, const KvmVcpu& vcpu, const VcpuFeatures& features,
                     bool powered_off);
// What the feature pmu needs once the GIC is initialized. Throws HostError.
void initialize_pmu(const KvmVcpu& vcpu);
// The INTID of its interrupt: PPI 7 (Arm Base System Architecture, 3.6).
inline constexpr std::uint32_t kPmuInterrupt = 16 + 7;

// The first instruction: PC, X0, everything masked at EL1. Throws HostError.
void set_boot_registers(const KvmVcpu& vcpu, std::uint64_t pc, std::uint64_t x0);

// Called on the vCPU's thread, or while that thread does not run it.
std::expected<VcpuState, std::string> get_vcpu_state(const KvmVcpu& vcpu);
// MPIDR_EL1's affinity fields. Throws HostError.
std::uint64_t vcpu_affinity(const KvmVcpu& vcpu);

}  // namespace skiff
