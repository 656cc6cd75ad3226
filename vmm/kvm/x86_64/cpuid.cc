#include "vmm/kvm/x86_64/cpuid.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include "vmm/kvm/kvm_abi.h"
#include "vmm/kvm/kvm_error.h"
#include "vmm/kvm/kvm_list.h"
#include "vmm/kvm/x86_64/cpu_features.h"

namespace skiff {
namespace {

static_assert(sizeof(kvm_cpuid2) == 8 && sizeof(kvm_msrs) == 8);

constexpr std::size_t kMaxEntries = 256;  // KVM_MAX_CPUID_ENTRIES of the kernel

using CpuidList = KvmList<kvm_cpuid2, kvm_cpuid_entry2>;

std::vector<CpuidEntry> supported_entries(const KvmSystem& system) {
  CpuidList list(kMaxEntries);
  list.header().nent = kMaxEntries;
  if (kvm_ioctl(system.fd(), KVM_GET_SUPPORTED_CPUID, list.argument()) != 0) {
    throw_kvm_error("KVM_GET_SUPPORTED_CPUID", errno);
  }
  std::vector<CpuidEntry> entries;
  for (const kvm_cpuid_entry2& entry : list.entries().first(list.header().nent)) {
    entries.push_back({
        .function = entry.function,
        .index = entry.index,
        .indexed = (entry.flags & KVM_CPUID_FLAG_SIGNIFCANT_INDEX) != 0,
        .eax = entry.eax,
        .ebx = entry.ebx,
        .ecx = entry.ecx,
        .edx = entry.edx,
    });
  }
  return entries;
}

void clear_bit(std::vector<CpuidEntry>& entries, const CpuFeature& feature) {
  for (CpuidEntry& entry : entries) {
    if (entry.function != feature.leaf || entry.index != feature.subleaf) continue;
    std::uint32_t* const registers[] = {&entry.eax, &entry.ebx, &entry.ecx, &entry.edx};
    *registers[static_cast<std::size_t>(feature.reg)] &= ~(1U << feature.bit);
  }
}

// The APIC itself, and those of KVM's features that it is the way of: interrupts for page faults on
// the host, lazy EOIs, IPIs, and waits that IPIs end (cpuid.rst). The topology leaves speak of
// x2APIC ids.
void hide_local_apic(std::vector<CpuidEntry>& entries) {
  constexpr std::string_view kNeedApic[] = {
      "apic",         "x2apic",          "extapic",      "tsc_deadline_timer", "async_pf",
      "async_pf_int", "async_pf_vmexit", "pv_eoi",       "pv_unhalt",          "pv_send_ipi",
      "pv_tlb_flush", "pv_sched_yield",  "poll_control", "msi_ext_dest_id"};
  for (const std::string_view name : kNeedApic) {
    for (const CpuFeature& feature : cpu_features_named(name))
      clear_bit(entries, feature);
  }
  std::erase_if(entries, [](const CpuidEntry& entry) {
    return entry.function == 0xb || entry.function == 0x1f;
  });
}

}  // namespace

CpuidTemplate::CpuidTemplate(const KvmSystem& system, const CpuTopologyShape& shape,
                             std::span<const std::string> hidden, LocalApic local_apic)
    : shape_(shape), entries_(supported_entries(system)) {
  constexpr std::uint32_t kTscDeadline = 1U << 24;
  constexpr std::uint32_t kHypervisor = 1U << 31;
  for (CpuidEntry& entry : entries_) {
    if (entry.function == 0x1) {
      entry.ecx |= kHypervisor;
      // Not in the supported set, since only an in-kernel local APIC can offer it (cpuid.rst).
      if (local_apic == LocalApic::in_kernel &&
          system.check_extension(KVM_CAP_TSC_DEADLINE_TIMER) != 0) {
        entry.ecx |= kTscDeadline;
      }
    }
  }
  if (local_apic == LocalApic::absent) {
    hide_local_apic(entries_);
  } else {
    add_topology_leaves(entries_);
  }
  for (const std::string& name : hidden) {
    const std::span<const CpuFeature> features = cpu_features_named(name);
    if (features.empty()) {
      throw ConfigError(fmt::format("cpu.hide: no CPU feature is called \"{}\"", name));
    }
    for (const CpuFeature& feature : features)
      clear_bit(entries_, feature);
  }
}

unsigned CpuidTemplate::physical_bits() const {
  for (const CpuidEntry& entry : entries_) {
    if (entry.function == 0x8000'0008) return entry.eax & 0xff;
  }
  return 36;
}

void CpuidTemplate::apply(const KvmVcpu& vcpu) const {
  std::vector<CpuidEntry> entries = entries_;
  fill_topology(entries, shape_, vcpu.id());
  CpuidList list(entries.size());
  list.header().nent = static_cast<std::uint32_t>(entries.size());
  std::ranges::transform(entries, list.entries().begin(), [](const CpuidEntry& entry) {
    return kvm_cpuid_entry2{
        .function = entry.function,
        .index = entry.index,
        .flags = entry.indexed ? KVM_CPUID_FLAG_SIGNIFCANT_INDEX : 0U,
        .eax = entry.eax,
        .ebx = entry.ebx,
        .ecx = entry.ecx,
        .edx = entry.edx,
        .padding = {},
    };
  });
  if (kvm_ioctl(vcpu.fd(), KVM_SET_CPUID2, list.argument()) != 0) {
    throw_kvm_error(fmt::format("vCPU {}: KVM_SET_CPUID2", vcpu.id()), errno);
  }
}

void set_boot_msrs(const KvmVcpu& vcpu) {
  constexpr std::uint32_t kMiscEnable = 0x1a0;
  constexpr std::uint32_t kMtrrDefType = 0x2ff;
  KvmList<kvm_msrs, kvm_msr_entry> list(2);
  list.header().nmsrs = 2;
  // IA32_MISC_ENABLE: fast strings on (SDM volume 4, table 2-2).
  list.entries()[0] = {.index = kMiscEnable, .reserved = 0, .data = 1};
  // IA32_MTRR_DEF_TYPE: MTRRs on, default write-back (SDM volume 3, 12.11.2.1). A kernel that finds
  // them off treats all memory as uncached in what it tells of PAT.
  list.entries()[1] = {.index = kMtrrDefType, .reserved = 0, .data = (1U << 11) | 6};
  const int set = kvm_ioctl(vcpu.fd(), KVM_SET_MSRS, list.argument());
  if (set != 2)
    throw_kvm_error(fmt::format("vCPU {}: KVM_SET_MSRS", vcpu.id()), set < 0 ? errno : EINVAL);
}

}  // namespace skiff
