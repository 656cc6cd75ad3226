#include "vmm/board/cpu_report.h"

#include <fmt/format.h>

#include "vmm/board/aarch64/exception_names.h"
#include "vmm/board/aarch64/guest_tables.h"
#include "vmm/board/fatal_headline.h"
#include "vmm/kvm/aarch64/vcpu_state.h"

namespace skiff {
namespace {

std::string describe_registers(const VcpuState& state, const SymbolLookup& symbols) {
  std::string text = fmt::format("  PC {:#018x}", state.pc);
  if (const auto name = symbols ? symbols(state.pc) : std::nullopt) text += " " + *name;
  text += fmt::format("\n  PSTATE {:#010x} ({})\n", state.pstate, arm64::pstate_text(state.pstate));
  for (std::size_t number = 0; number < state.x.size(); ++number) {
    text += fmt::format("  X{:<2} {:#018x}", number, state.x[number]);
    if (number % 3 == 2) text += '\n';
  }
  text += fmt::format("  SP_EL0 {:#018x}\n  SP_EL1 {:#018x}  VBAR_EL1 {:#018x}\n", state.sp_el0,
                      state.sp_el1, state.vbar_el1);
  text +=
      fmt::format("  SCTLR_EL1 {:#x} (MMU {})  TCR_EL1 {:#x}  TTBR0_EL1 {:#x}  TTBR1_EL1 {:#x}\n",
                  state.sctlr_el1, (state.sctlr_el1 & 1) != 0 ? "on" : "off", state.tcr_el1,
                  state.ttbr0_el1, state.ttbr1_el1);
  text += fmt::format("  last exception: ESR_EL1 {:#x} ({})  FAR_EL1 {:#x}  ELR_EL1 {:#x}\n",
                      state.esr_el1, arm64::describe_exception(state.esr_el1), state.far_el1,
                      state.elr_el1);
  return text;
}

std::string describe_walks(const VcpuState& state, const GuestMemory& memory) {
  const arm64::Stage1Registers registers = stage1_registers(state);
  const PhysicalReader read = physical_reader(memory);
  const auto walk = [&](std::string_view what, std::uint64_t address) {
    return fmt::format("  page walk of {} {:#x}:\n{}", what, address,
                       arm64::describe(arm64::walk_stage1(registers, address, read)));
  };
  std::string text = walk("PC", state.pc);
  // An address that an abort has left: FAR_EL1 says nothing after other exceptions.
  if (arm64::is_abort(state.esr_el1)) text += walk("FAR_EL1", state.far_el1);
  return text;
}

}  // namespace

std::string describe_failure(const KvmVcpu& vcpu, const GuestMemory& memory, const Fatal& fatal,
                             const SymbolLookup& symbols) {
  std::string text =
      fmt::format("vCPU {}: {}\n{}", vcpu.id(), fatal_headline(fatal), fatal_details(fatal));
  const auto state = get_vcpu_state(vcpu);
  if (!state) return text + "  " + state.error() + "\n";
  return text + describe_registers(*state, symbols) + describe_walks(*state, memory);
}

}  // namespace skiff
