// `skiff events`.
#include <fmt/core.h>

#include <array>
#include <cstdint>
#include <limits>
#include <string>

#include "vmm/cli/arguments.h"
#include "vmm/cli/command_spec.h"
#include "vmm/cli/number_option.h"
#include "vmm/cli/print.h"
#include "vmm/control/api/vm_json.h"
#include "vmm/control/client/control_client.h"

namespace skiff {
namespace {

constexpr auto kEventsOptions = std::to_array<OptionSpec>({
    {.names = "--after",
     .value = "NUMBER",
     .help = "Only events after the one with this number. Without it the last 64 come first."},
    {.names = "--json", .value = "", .help = "One JSON object a line, as the control API has it."},
});

constexpr auto kEventsExamples = std::to_array<ExampleSpec>({
    {"skiff events web", "what has happened to web, and what happens from now on"},
    {"skiff events --json web | grep -m1 '\"panic\"'", "wait for a panic"},
});

std::string line_of(std::string_view json) {
  const auto event = parse_event(json);
  if (!event) return {};
  return fmt::format("{} {:>4} {}{}{}\n", to_text(event->at), event->number, event->kind,
                     event->detail.empty() ? "" : ": ", event->detail);
}

int events_main(const Arguments& arguments) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
  const auto after = number_option(arguments, "--after", std::uint64_t{0}, kMost).value_or(0);
  const bool json = arguments.has("--json");
  ControlClient(arguments.operand)
      .follow(fmt::format("/v1/events?after={}", after), [json](std::string_view line) {
        print_all(json ? std::string(line) + "\n" : line_of(line));
        return true;
      });
  return 0;
}

constexpr CommandSpec kEventsSpec = {
    .name = "events",
    .operands = "NAME",
    .summary = "print what happens to a VM",
    .description =
        "Prints a line for everything that happens to the VM (started, paused, resumed, reset, "
        "stopping, panic, needs-reset of a device, ended) with its time in UTC and its number, "
        "until the VM has ended.",
    .options = kEventsOptions,
    .examples = kEventsExamples,
    .operand_completion = Completion::vm,
    .least_operands = 1,
    .run = events_main,
};

}  // namespace

const CommandSpec& events_command() {
  return kEventsSpec;
}

}  // namespace skiff
