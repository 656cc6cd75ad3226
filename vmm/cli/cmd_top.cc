// `skiff top`: what a running VM does now.
#include <fmt/format.h>

#include <array>
#include <chrono>
#include <string>
#include <thread>

#include "vmm/base/error.h"
#include "vmm/cli/arguments.h"
#include "vmm/cli/command_line.h"
#include "vmm/cli/command_spec.h"
#include "vmm/cli/number_option.h"
#include "vmm/cli/print.h"
#include "vmm/cli/top_screen.h"
#include "vmm/control/client/control_client.h"

namespace skiff {
namespace {

constexpr auto kTopOptions = std::to_array<OptionSpec>({
    {.names = "--interval",
     .value = "SECONDS",
     .help = "Between two looks, 0.1 to 60; 1 where nothing is said."},
    {.names = "--once",
     .value = "",
     .help = "Look twice, print what happened between as text, and end; also where this is no "
             "terminal."},
    {.names = "--json", .value = "", .help = "The same for programs, as one JSON object."},
});

constexpr auto kTopExamples = std::to_array<ExampleSpec>({
    {"skiff top web", "what does the guest exit for, and who works?"},
    {"skiff top web --once --interval 5", "the same of five seconds, once, as text"},
    {"skiff top web --json", "for programs"},
});

std::chrono::nanoseconds interval_of(const Arguments& arguments) {
  const std::chrono::duration<double> seconds(
      number_option(arguments, "--interval", 0.1, 60.0).value_or(1));
  return std::chrono::duration_cast<std::chrono::nanoseconds>(seconds);
}

int top_main(const Arguments& arguments) {
  const auto interval = interval_of(arguments);
  if (arguments.operand.empty()) throw UsageError("top needs a VM's name; see skiff ps");
  ControlClient client(arguments.operand);
  const std::function<TopSample()> sample = [&client] {
    // Before the numbers: an interval is between two of these.
    const auto at = std::chrono::steady_clock::now().time_since_epoch();
    auto found = parse_top_sample(at, client.get("/v1/vm"), client.get("/v1/exits"),
                                  client.get("/v1/stats"));
    if (!found) throw HostError(client.name() + " does not answer as a VM of Skiff does");
    return *std::move(found);
  };
  const bool json = arguments.has("--json");
  if (!json && !arguments.has("--once") && is_top_screen_possible()) {
    run_top_screen(sample, interval);
    return 0;
  }
  const TopSample before = sample();
  std::this_thread::sleep_for(interval);
  const TopView view = make_top_view(before, sample(), TopSort::time);
  return print_all(json ? to_json(view) : to_text(view, {}));
}

constexpr CommandSpec kTopSpec = {
    .name = "top",
    .operands = "NAME",
    .summary = "show what a running VM does now",
    .description =
        "A screen of what the VM does, made anew every second: processor time by thread, requests, "
        "notifications and interrupts by queue, and the guest's exits to Skiff by register, with "
        "what one of them costs. Keys: c, t, n sort the exits by count, time, or ns of one; f "
        "freezes, h helps, q quits.",
    .options = kTopOptions,
    .examples = kTopExamples,
    .run = top_main,
};

}  // namespace

const CommandSpec& top_command() {
  return kTopSpec;
}

}  // namespace skiff
