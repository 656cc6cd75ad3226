// `skiff reset`.
#include <array>

#include "vmm/cli/command_spec.h"
#include "vmm/cli/vm_operands.h"

namespace skiff {
namespace {

constexpr auto kResetExamples = std::to_array<ExampleSpec>({
    {"skiff reset web", "start the guest again"},
});

constexpr CommandSpec kResetSpec = {
    .name = "reset",
    .operands = "NAME...",
    .summary = "press a VM's reset button",
    .description =
        "Starts the guests anew, at once and without asking them, in the same process. With "
        "machine.on_reboot = exit the VM ends instead.",
    .options = {},
    .examples = kResetExamples,
    .operand_completion = Completion::vm,
    .least_operands = 1,
    .most_operands = 1000,
    .run = [](const Arguments& arguments) { return post_to_each(arguments, "/v1/reset"); },
};

}  // namespace

const CommandSpec& reset_command() {
  return kResetSpec;
}

}  // namespace skiff
