#include "vmm/board/cpu_report.h"

#include <fmt/format.h>

#include "vmm/board/fatal_headline.h"

namespace skiff {

// What KVM said, without the registers: they are read with the arm64 vCPU state.
std::string describe_failure(const KvmVcpu& vcpu, const GuestMemory& /*memory*/, const Fatal& fatal,
                             const SymbolLookup& /*symbols*/) {
  return fmt::format("vCPU {}: {}\n{}", vcpu.id(), fatal_headline(fatal), fatal_details(fatal));
}

}  // namespace skiff
