// `skiff ps`.
#include <array>
#include <chrono>
#include <string>

#include "vmm/cli/arguments.h"
#include "vmm/cli/command_spec.h"
#include "vmm/cli/print.h"
#include "vmm/cli/vm_table.h"
#include "vmm/control/client/vm_survey.h"

namespace skiff {
namespace {

constexpr auto kPsOptions = std::to_array<OptionSpec>({
    {.names = "--all,-a", .value = "", .help = "Also those that have ended or crashed."},
    {.names = "--json", .value = "", .help = "For programs: an array of objects."},
    {.names = "--quiet,-q", .value = "", .help = "Names only, without asking the VMs."},
});

constexpr auto kPsExamples = std::to_array<ExampleSpec>({
    {"skiff ps", "which VMs run, and how busy are they?"},
    {"skiff ps --all --json", "all of it, for a program"},
    {"skiff stop $(skiff ps -q)", "stop every VM"},
});

int ps_main(const Arguments& arguments) {
  const bool all = arguments.has("--all");
  if (arguments.has("--quiet")) {
    std::string names;
    for (const std::string& name : list_vms(all))
      names += name + "\n";
    return print_all(names);
  }
  const auto vms = survey_vms(all);
  return print_all(arguments.has("--json") ? vm_list_json(vms)
                                           : vm_table(vms, std::chrono::system_clock::now()));
}

constexpr CommandSpec kPsSpec = {
    .name = "ps",
    .operands = "",
    .summary = "list named VMs",
    .description =
        "Lists this user's named VMs: those started with --detach or --name.\n\n"
        "UPTIME and EXITS/S (exits to Skiff, a second) are of the machine since its last reset, "
        "CPU% is of the process since it was started; `skiff top` shows what happens now. STATE is "
        "running or paused; unresponsive if the VM's process does not answer within two seconds; "
        "with --all also ended, with the exit status, and crashed.",
    .options = kPsOptions,
    .examples = kPsExamples,
    .run = ps_main,
};

}  // namespace

const CommandSpec& ps_command() {
  return kPsSpec;
}

}  // namespace skiff
