// From several looks at a vCPU, some milliseconds apart, to what it does. Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "vmm/board/vcpu_sample.h"
#include "vmm/machine/ledger_report.h"
#include "vmm/machine/why/guest_facts.h"

namespace skiff {

struct VcpuLook {
  bool is_parked = false;  // its thread left the guest when asked; if not, the sample is empty
  std::string busy{};      // the register it waits for; empty: it does not
  VcpuSample sample{};
};

// The name of an address, or nothing.
using AddressName = std::function<std::optional<std::string>(std::uint64_t)>;

// `looks`: oldest first, at least one. `has_ended`: the threads have left the guest for good.
// `is_linux`: a program that loops is no news there.
VcpuFacts judge_vcpu(std::uint32_t id, std::span<const VcpuLook> looks, bool has_ended,
                     bool is_linux, const AddressName& name);

// The register whose exits grew most from one report of the ledgers to a later one of the same
// machine; nothing if none did.
std::optional<HotRegister> hottest_register(const LedgerReport& before, const LedgerReport& after);

}  // namespace skiff
