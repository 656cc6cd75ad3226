#include "vmm/board/cpu_report.h"

#include <fmt/format.h>

#include "vmm/board/fatal_headline.h"
#include "vmm/board/x86_64/failure_report.h"

namespace skiff {

std::string describe_failure(const KvmVcpu& vcpu, const GuestMemory& memory, const Fatal& fatal,
                             const SymbolLookup& symbols) {
  const auto state = get_vcpu_state(vcpu);
  if (!state) {
    return fmt::format("vCPU {}: {}\n{}{}\n", vcpu.id(), fatal_headline(fatal),
                       fatal_details(fatal), state.error());
  }
  return failure_report(vcpu.id(), *state, fatal, physical_reader(memory), symbols);
}

}  // namespace skiff
