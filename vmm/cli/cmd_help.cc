// `skiff help`: help, man page and shell completion, all from command_spec.
#include <fmt/core.h>

#include <array>
#include <cstdio>
#include <string>
#include <vector>

#include "vmm/base/exit_status.h"
#include "vmm/cli/arguments.h"
#include "vmm/cli/bash_completion.h"
#include "vmm/cli/command_line.h"
#include "vmm/cli/command_spec.h"
#include "vmm/cli/help_text.h"
#include "vmm/cli/man_page.h"
#include "vmm/cli/print.h"
#include "vmm/machine/spelling.h"

namespace skiff {
namespace {

using namespace std::string_view_literals;

constexpr std::array kShells = {"bash"sv};

constexpr auto kHelpOptions = std::to_array<OptionSpec>({
    {.names = "--man",
     .value = "",
     .help = "Print the man page's source (to read it: skiff help --man | man -l -).",
     .hidden = true},
    {.names = "--completion",
     .value = "SHELL",
     .help = "Print the completion script for SHELL: bash.",
     .choices = kShells,
     .hidden = true},
});

int help_main(const Arguments& arguments) {
  if (arguments.has("--man")) return print_all(man_page());
  if (arguments.has("--completion")) return print_all(bash_completion());
  if (arguments.operand.empty()) return print_all(help_text(program_spec()));
  const CommandSpec* command = find_command(arguments.operand);
  if (command == nullptr) {
    std::vector<std::string_view> names;
    for (const CommandSpec& each : command_specs())
      names.push_back(each.name);
    const std::string_view near = nearest_word(arguments.operand, names);
    throw UsageError(fmt::format("there is no command \"{}\"{}", arguments.operand,
                                 near.empty() ? "" : fmt::format("; did you mean \"{}\"?", near)));
  }
  return print_all(help_text(*command));
}

constexpr CommandSpec kHelpSpec = {
    .name = "help",
    .operands = "[COMMAND]",
    .summary = "print help",
    .description = "Prints help about the program or about COMMAND.",
    .options = kHelpOptions,
    .examples = {},
    .operand_completion = Completion::command,
    .run = help_main,
};

}  // namespace

const CommandSpec& help_command() {
  return kHelpSpec;
}

}  // namespace skiff
