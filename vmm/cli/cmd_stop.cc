// `skiff stop`.
#include <fmt/core.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <map>
#include <string>

#include "vmm/cli/arguments.h"
#include "vmm/cli/command_spec.h"
#include "vmm/cli/number_option.h"
#include "vmm/cli/vm_operands.h"
#include "vmm/control/client/control_client.h"
#include "vmm/control/vm_control.h"

namespace skiff {
namespace {

constexpr auto kStopOptions = std::to_array<OptionSpec>({
    {.names = "--force,-f", .value = "", .help = "At once, without asking the guest."},
    {.names = "--timeout,-t",
     .value = "SECONDS",
     .help = "How long the guest has to power off before it is stopped, instead of "
             "machine.stop_timeout. 0: for ever."},
});

constexpr auto kStopExamples = std::to_array<ExampleSpec>({
    {"skiff stop web", "press its power button and wait until it has powered off"},
    {"skiff stop --force web db", "stop both at once"},
    {"skiff stop --timeout 120 db", "it may take two minutes"},
});

std::string stop_request(const Arguments& arguments) {
  if (arguments.has("--force")) return R"({"force": true})";
  const auto seconds =
      number_option(arguments, "--timeout", std::uint32_t{0}, StopRequest::kMostTimeout);
  return seconds ? fmt::format(R"({{"timeout": {}}})", *seconds) : "{}";
}

int stop_main(const Arguments& arguments) {
  const std::string request = stop_request(arguments);
  // All are asked before one is waited for.
  std::map<std::string, ControlClient> asked;
  const int refused = for_each_vm(arguments, [&](const std::string& name) {
    if (asked.contains(name)) return;
    ControlClient client(name);
    client.post("/v1/stop", request);
    asked.emplace(name, std::move(client));
  });
  Arguments waiting;
  for (const auto& [name, client] : asked)
    waiting.operands.push_back(name);
  const int lost = for_each_vm(waiting, [&asked](const std::string& name) {
    asked.at(name).wait_for_end([&name](std::chrono::seconds waited) {
      if (waited.count() % 5 != 4) return;
      std::fprintf(stderr,
                   "skiff: waiting for %s to power off (`skiff stop --force %s` stops it at "
                   "once)\n",
                   name.c_str(), name.c_str());
    });
  });
  return refused != 0 ? refused : lost;
}

constexpr CommandSpec kStopSpec = {
    .name = "stop",
    .operands = "NAME...",
    .summary = "shut VMs down and wait until they have ended",
    .description =
        "Presses the power button of the VMs and waits until they have ended. A guest that has not "
        "powered off within machine.stop_timeout (or --timeout) is stopped, as is at once one that "
        "does not listen to its power button. A paused VM is resumed for it.",
    .options = kStopOptions,
    .examples = kStopExamples,
    .operand_completion = Completion::vm,
    .least_operands = 1,
    .most_operands = 1000,
    .run = stop_main,
};

}  // namespace

const CommandSpec& stop_command() {
  return kStopSpec;
}

}  // namespace skiff
