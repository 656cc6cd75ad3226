// `skiff console`: a person's terminal at a console of a named VM.
#include <fmt/core.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <string>

#include "vmm/base/error.h"
#include "vmm/cli/arguments.h"
#include "vmm/cli/command_line.h"
#include "vmm/cli/command_spec.h"
#include "vmm/control/client/control_client.h"
#include "vmm/control/viewer/console_viewer.h"
#include "vmm/machine/escape_key.h"

namespace skiff {
namespace {

constexpr auto kConsoleOptions = std::to_array<OptionSpec>({
    {.names = "--read-only,-r",
     .value = "",
     .help = "Only look on. Any number of people can; one can write."},
    {.names = "--steal",
     .value = "",
     .help = "Become the writer even if there is one, who looks on from then on and is told."},
    {.names = "--no-replay",
     .value = "",
     .help = "Begin with what comes from now on, without the last 1 MiB of what was said before."},
    {.names = "--escape",
     .value = "KEY",
     .help = "The key that begins commands to Skiff: ctrl-a (the usual one) to ctrl-z, ctrl-], "
             "ctrl-^, ctrl-_, or "
             "none."},
    {.names = "--detach-on-eof",
     .value = "",
     .help = "Detach when stdin has ended; without it one looks on until the VM has ended."},
});

constexpr auto kConsoleExamples = std::to_array<ExampleSpec>({
    {"skiff console web", "attach this terminal; Ctrl-A d detaches, Ctrl-A h lists the other keys"},
    {"skiff console web com2", "another port"},
    {"skiff console --read-only web | grep -m1 login:", "wait until it has booted"},
    {"echo poweroff | skiff console web", "type something and look on until the VM has ended"},
});

std::string target_of(const Arguments& arguments) {
  const bool named = arguments.operands.size() > 1;
  std::string target =
      named ? api_path("/v1/consoles/", arguments.operands[1]) : std::string("/v1/console");
  target += fmt::format("?write={}&steal={}&replay={}", !arguments.has("--read-only"),
                        arguments.has("--steal"), !arguments.has("--no-replay"));
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) {
    target += fmt::format("&columns={}&rows={}", size.ws_col, size.ws_row);
  }
  return target;
}

// Power button, reset and NMI go where `skiff reset` goes; `why` is answered with its page.
std::string act(const std::string& vm, ConsoleAction action) {
  const char* const target = action == ConsoleAction::power_button ? "/v1/power-button"
                             : action == ConsoleAction::reset      ? "/v1/reset"
                                                                   : "/v1/nmi";
  try {
    if (action == ConsoleAction::why) return ControlClient(vm).get("/v1/why");
    ControlClient(vm).post(target);
    return {};
  } catch (const Error& error) {
    return error.what();
  }
}

int console_main(const Arguments& arguments) {
  if (arguments.has("--read-only") && arguments.has("--steal")) {
    throw UsageError("--steal makes a writer, --read-only forbids it");
  }
  ConsoleViewerOptions options{.vm = arguments.operand,
                               .read_only = arguments.has("--read-only"),
                               .detach_on_eof = arguments.has("--detach-on-eof")};
  if (const auto key = arguments.last("--escape")) {
    const auto escape = parse_escape_key(*key);
    if (!escape) {
      throw UsageError(
          fmt::format("--escape is \"{}\"; it must be ctrl-a to ctrl-z, or none", *key));
    }
    options.escape = *escape;
  }
  auto connection = ControlClient(options.vm).upgrade(target_of(arguments), "skiff-console");
  ConsoleViewer viewer(std::move(connection.socket), std::as_bytes(std::span(connection.early)),
                       options,
                       [vm = options.vm](ConsoleAction action) { return act(vm, action); });
  return viewer.run();
}

constexpr CommandSpec kConsoleSpec = {
    .name = "console",
    .operands = "NAME [PORT]",
    .summary = "attach to a VM's console",
    .description =
        "Connects this terminal to the console of a running VM: first what it has said before, as "
        "far as that is kept (1 MiB), then all that follows. PORT is another of its consoles; "
        "without it the main one is meant. Every key goes to the guest but Ctrl-A, which begins a "
        "command: Ctrl-A d detaches, and the VM runs on.\n\n"
        "One attached is the writer; others are refused unless they only look on (--read-only) or "
        "take over (--steal). It stays attached when the guest reboots, and ends with the VM: the "
        "exit status is the VM's then, and 0 after a detach. With pipes instead of a terminal "
        "every byte is the guest's and there is no escape key (docs/console.md).",
    .options = kConsoleOptions,
    .examples = kConsoleExamples,
    .operand_completion = Completion::vm,
    .least_operands = 1,
    .most_operands = 2,
    .run = console_main,
};

}  // namespace

const CommandSpec& console_command() {
  return kConsoleSpec;
}

}  // namespace skiff
