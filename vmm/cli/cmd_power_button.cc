// `skiff power-button`.
#include <array>

#include "vmm/cli/command_spec.h"
#include "vmm/cli/vm_operands.h"

namespace skiff {
namespace {

constexpr auto kPowerButtonExamples = std::to_array<ExampleSpec>({
    {"skiff power-button web", "ask the guest to power off"},
});

constexpr CommandSpec kPowerButtonSpec = {
    .name = "power-button",
    .operands = "NAME...",
    .summary = "press a VM's power button",
    .description =
        "Presses the ACPI power button of the guests and returns. What they do is theirs to "
        "decide; `skiff stop` sees to it that they end.",
    .options = {},
    .examples = kPowerButtonExamples,
    .operand_completion = Completion::vm,
    .least_operands = 1,
    .most_operands = 1000,
    .run = [](const Arguments& arguments) { return post_to_each(arguments, "/v1/power-button"); },
};

}  // namespace

const CommandSpec& power_button_command() {
  return kPowerButtonSpec;
}

}  // namespace skiff
