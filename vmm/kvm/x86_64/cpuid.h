// The processor a guest sees: the host's supported set, with the topology leaves of this VM, the
// hypervisor and kvmclock leaves, and without what the configuration hides.
// Sources: Intel SDM volume 2 CPUID; AMD APM volume 3 appendix E; Linux
// Documentation/virt/kvm/x86/cpuid.rst.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "vmm/kvm/kvm_system.h"
#include "vmm/kvm/kvm_vcpu.h"

namespace skiff {

// One leaf and sub-leaf; `indexed` where the answer depends on the sub-leaf.
struct CpuidEntry {
  std::uint32_t function = 0;
  std::uint32_t index = 0;
  bool indexed = false;
  std::uint32_t eax = 0, ebx = 0, ecx = 0, edx = 0;
};

struct CpuTopologyShape {
  std::uint32_t threads_per_core = 1;
  std::uint32_t cores_per_socket = 1;
  std::uint32_t sockets = 1;
};

// APIC id of vCPU `index` (0 based, threads fastest): each level takes a power of two of ids, as
// the extended topology leaf demands (SDM 9.9.1), so ids may have gaps.
std::uint32_t apic_id_of(std::uint32_t index, const CpuTopologyShape& shape);

enum class LocalApic { in_kernel, absent };

class CpuidTemplate {
 public:
  // Asks the host once. `hidden` are feature names of cpu_features.h; unknown ones throw
  // ConfigError. Without a local APIC all that needs one is hidden too.
  CpuidTemplate(const KvmSystem& system, const CpuTopologyShape& shape,
                std::span<const std::string> hidden, LocalApic local_apic = LocalApic::in_kernel);

  // KVM_SET_CPUID2 with the leaves that name the vCPU filled in. Throws HostError.
  void apply(const KvmVcpu& vcpu) const;
  // Width of guest-physical addresses (leaf 0x80000008; 36 where it is absent).
  unsigned physical_bits() const;
  std::span<const CpuidEntry> entries() const { return entries_; }

 private:
  const CpuTopologyShape shape_;
  std::vector<CpuidEntry> entries_;
};

// Fills the leaves that carry topology, for the vCPU with this APIC id (cpuid_topology.cc).
void fill_topology(std::vector<CpuidEntry>& entries, const CpuTopologyShape& shape,
                   std::uint32_t apic_id);
// Adds topology leaves the host did not list but the shape needs.
void add_topology_leaves(std::vector<CpuidEntry>& entries);

// The MSRs a vCPU starts with where firmware would have set them. Throws HostError.
void set_boot_msrs(const KvmVcpu& vcpu);

}  // namespace skiff
