// `skiff nmi`.
#include <array>

#include "vmm/cli/command_spec.h"
#include "vmm/cli/vm_operands.h"

namespace skiff {
namespace {

constexpr auto kNmiExamples = std::to_array<ExampleSpec>({
    {"skiff nmi web", "shake a guest that hangs"},
});

constexpr CommandSpec kNmiSpec = {
    .name = "nmi",
    .operands = "NAME...",
    .summary = "send a VM a non-maskable interrupt",
    .description =
        "Sends an NMI to the guests. Linux can be told to panic on it (sysctl "
        "kernel.unknown_nmi_panic), which gets a hanging kernel to say where it is.",
    .options = {},
    .examples = kNmiExamples,
    .operand_completion = Completion::vm,
    .least_operands = 1,
    .most_operands = 1000,
    .run = [](const Arguments& arguments) { return post_to_each(arguments, "/v1/nmi"); },
};

}  // namespace

const CommandSpec& nmi_command() {
  return kNmiSpec;
}

}  // namespace skiff
