// `skiff pause`.
#include <array>

#include "vmm/cli/command_spec.h"
#include "vmm/cli/vm_operands.h"

namespace skiff {
namespace {

constexpr auto kPauseExamples = std::to_array<ExampleSpec>({
    {"skiff pause web", "stop the guest's clock of instructions"},
});

constexpr CommandSpec kPauseSpec = {
    .name = "pause",
    .operands = "NAME...",
    .summary = "let no vCPU of a VM run until it is resumed",
    .description =
        "Takes the vCPUs of the VMs out of the guest; when the command returns, none of them runs "
        "any more. Transfers that its devices have begun are finished.",
    .options = {},
    .examples = kPauseExamples,
    .operand_completion = Completion::vm,
    .least_operands = 1,
    .most_operands = 1000,
    .run = [](const Arguments& arguments) { return post_to_each(arguments, "/v1/pause"); },
};

}  // namespace

const CommandSpec& pause_command() {
  return kPauseSpec;
}

}  // namespace skiff
