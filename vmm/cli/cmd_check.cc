// `skiff check`: is a configuration sound, can this host run machines?
#include <array>
#include <string>

#include "vmm/cli/arguments.h"
#include "vmm/cli/command_line.h"
#include "vmm/cli/command_spec.h"
#include "vmm/cli/config_options.h"
#include "vmm/cli/config_summary.h"
#include "vmm/cli/host_probe.h"
#include "vmm/cli/print.h"
#include "vmm/machine/config_file.h"

namespace skiff {
namespace {

constexpr auto kCheckOptions = std::to_array<OptionSpec>({
    {.names = "--set",
     .value = "KEY=VALUE",
     .help = "Check CONFIG with this key set, as run would.",
     .completion = Completion::config_key},
    {.names = "--json", .value = "", .help = "What was found out about the host as JSON."},
});

constexpr auto kCheckExamples = std::to_array<ExampleSpec>({
    {"skiff check", "what this host offers"},
    {"skiff check --json", "the same for programs"},
    {"skiff check vm.toml", "print all errors of vm.toml, or one line beginning with \"ok\""},
});

int check_main(const Arguments& arguments) {
  if (arguments.operand.empty()) {
    if (arguments.has("--set")) throw UsageError("check --set needs a configuration file");
    return check_host(arguments.has("--json"));
  }
  if (arguments.has("--json")) throw UsageError("check --json is for the host, without CONFIG");
  const VmConfig config =
      load_config(arguments.operand, config_overrides(arguments), config_facts());
  return print_all("ok: " + arguments.operand + ": " + config_summary(config) + "\n");
}

constexpr CommandSpec kCheckSpec = {
    .name = "check",
    .operands = "[CONFIG]",
    .summary = "check a configuration, or this host",
    .description =
        "With CONFIG: reads the file as run would, reports every error with its place, and starts "
        "nothing.\n\n"
        "Without: looks whether this host can run virtual machines (/dev/kvm, its API version and "
        "capabilities, huge pages, tun, vhost, io_uring, limits), says how to mend what is wrong, "
        "and measures how fast KVM runs kernel code here. Status 0 if machines can run, else 121.",
    .options = kCheckOptions,
    .examples = kCheckExamples,
    .operand_completion = Completion::file,
    .run = check_main,
};

}  // namespace

const CommandSpec& check_command() {
  return kCheckSpec;
}

}  // namespace skiff
