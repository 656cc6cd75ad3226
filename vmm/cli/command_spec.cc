#include "vmm/cli/command_spec.h"

#include <algorithm>
#include <array>
#include <vector>

namespace skiff {
namespace {

using namespace std::string_view_literals;

constexpr std::array kLogLevels = {"trace"sv, "debug"sv, "info"sv, "warning"sv, "error"sv, "off"sv};

constexpr auto kOptions = std::to_array<OptionSpec>({
    {.names = "--help,-h", .value = "", .help = "Print help, of the command if one is named."},
    {.names = "--version,-V", .value = "", .help = "Print the version."},
    {.names = "--log-level",
     .value = "LEVEL",
     .help = "Skiff's own messages: trace, debug, info, warning (the default), error or off.",
     .choices = kLogLevels},
    {.names = "--log-file",
     .value = "FILE",
     .help = "Append Skiff's own messages to FILE instead of writing them to stderr.",
     .completion = Completion::file},
});

constexpr auto kExamples = std::to_array<ExampleSpec>({
    {"skiff check", "can this host run virtual machines, and how fast?"},
    {"skiff check vm.toml", "is the configuration sound?"},
    {"skiff run vm.toml", "start the machine, its serial console in this terminal"},
    {"skiff run --detach vm.toml", "start it in the background; then: skiff ps, skiff stop NAME"},
    {"skiff run vm.toml --vcpus 2 --memory 1G", "the same with other numbers"},
});

constexpr CommandSpec kProgram = {
    .name = "",
    .operands = "",
    .summary = "a small, fast, see-through virtual machine monitor for Linux KVM",
    .description =
        "Skiff starts a virtual machine from one TOML file: a Linux kernel (bzImage or vmlinux), a "
        "multiboot program or a flat binary. The guest's serial console is this terminal; Ctrl-A x "
        "ends the machine, Ctrl-A h lists the other keys.\n\n"
        "Only the guest writes to stdout. Skiff's own messages go to stderr.",
    .options = kOptions,
    .examples = kExamples,
};

}  // namespace

const CommandSpec& program_spec() {
  return kProgram;
}

std::span<const CommandSpec> command_specs() {
  static const std::vector<CommandSpec> commands = {
      run_command(),    console_command(), ps_command(),           stop_command(), pause_command(),
      resume_command(), reset_command(),   power_button_command(), nmi_command(),  logs_command(),
      events_command(), top_command(),     why_command(),          wait_command(), rm_command(),
      bench_command(),  check_command(),   help_command()};
  return commands;
}

const CommandSpec* find_command(std::string_view name) {
  const auto commands = command_specs();
  const auto found = std::find_if(commands.begin(), commands.end(),
                                  [name](const CommandSpec& spec) { return spec.name == name; });
  return found == commands.end() ? nullptr : &*found;
}

}  // namespace skiff
