// The whole report of a failed x86 vCPU as text: a pure function, tested without KVM.
#pragma once

#include <cstdint>
#include <string>

#include "vmm/board/cpu_report.h"
#include "vmm/board/x86_64/page_walk.h"
#include "vmm/kvm/vcpu_exit.h"
#include "vmm/kvm/x86_64/vcpu_state.h"

namespace skiff {

// See describe_failure. Output is bounded (below 16 KiB) and printable whatever the guest holds.
std::string failure_report(std::uint32_t vcpu, const VcpuState& state, const Fatal& fatal,
                           const PhysicalReader& read, const SymbolLookup& symbols);

}  // namespace skiff
