// `skiff rm`.
#include <fmt/core.h>

#include <array>
#include <vector>

#include "vmm/base/error.h"
#include "vmm/cli/command_line.h"
#include "vmm/cli/command_spec.h"
#include "vmm/cli/vm_operands.h"
#include "vmm/control/client/control_client.h"

namespace skiff {
namespace {

constexpr auto kRmOptions = std::to_array<OptionSpec>({
    {.names = "--ended", .value = "", .help = "All that have ended."},
});

constexpr auto kRmExamples = std::to_array<ExampleSpec>({
    {"skiff rm web", "forget how web ended, and its logs"},
    {"skiff rm --ended", "of all VMs that have ended"},
});

void remove(const std::string& name) {
  VmDirectory directory = find_vm(name);
  const auto base = find_run_base();
  if (base && !directory.remove(*base)) {
    throw HostError(fmt::format("{0} runs; `skiff stop {0}` first", name));
  }
}

int rm_main(const Arguments& arguments) {
  if (arguments.has("--ended") != arguments.operands.empty()) {
    throw UsageError("rm needs the names of VMs, or --ended");
  }
  if (!arguments.has("--ended")) return for_each_vm(arguments, remove);
  const auto base = find_run_base();
  if (!base) return 0;
  for (const std::string& name : vm_names(*base)) {
    // One that lives is not removed, and that is what was asked for.
    auto directory = VmDirectory::find(*base, name);
    if (directory && directory->life() != VmLife::live) directory->remove(*base);
  }
  return 0;
}

constexpr CommandSpec kRmSpec = {
    .name = "rm",
    .operands = "[NAME...]",
    .summary = "remove what ended VMs have left behind",
    .description =
        "A named VM that has ended leaves its run directory: how it ended, for `skiff wait`, and "
        "its "
        "logs. This removes it. A new VM of the same name does so too.",
    .options = kRmOptions,
    .examples = kRmExamples,
    .operand_completion = Completion::any_vm,
    .most_operands = 1000,
    .run = rm_main,
};

}  // namespace

const CommandSpec& rm_command() {
  return kRmSpec;
}

}  // namespace skiff
