// `skiff wait`.
#include <fmt/core.h>

#include <array>

#include "vmm/base/error.h"
#include "vmm/cli/arguments.h"
#include "vmm/cli/command_spec.h"
#include "vmm/control/client/control_client.h"

namespace skiff {
namespace {

constexpr auto kWaitExamples = std::to_array<ExampleSpec>({
    {"skiff wait web; echo $?", "how did it end?"},
});

VmInfo wait_for(const std::string& name) {
  const VmDirectory directory = find_vm(name);
  if (directory.life() != VmLife::live) return ended_vm_info(directory);
  std::optional<ControlClient> client;
  try {
    client.emplace(name);
  } catch (const HostError&) {
    // It may have ended between the two.
    if (directory.life() == VmLife::live) throw;
    return ended_vm_info(directory);
  }
  return client->wait_for_end();
}

int wait_main(const Arguments& arguments) {
  const VmInfo info = wait_for(arguments.operand);
  if (!info.exit_status) {
    throw HostError(fmt::format("{} has ended without a status: {}", info.name, info.detail));
  }
  return *info.exit_status;
}

constexpr CommandSpec kWaitSpec = {
    .name = "wait",
    .operands = "NAME",
    .summary = "wait until a VM has ended; the exit status is the guest's",
    .description =
        "Returns when the VM has ended (at once if it has already), with the status that `skiff "
        "run` would have returned. A VM whose process was killed has none: 121.",
    .options = {},
    .examples = kWaitExamples,
    .operand_completion = Completion::any_vm,
    .least_operands = 1,
    .run = wait_main,
};

}  // namespace

const CommandSpec& wait_command() {
  return kWaitSpec;
}

}  // namespace skiff
