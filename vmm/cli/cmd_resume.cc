// `skiff resume`.
#include <array>

#include "vmm/cli/command_spec.h"
#include "vmm/cli/vm_operands.h"

namespace skiff {
namespace {

constexpr auto kResumeExamples = std::to_array<ExampleSpec>({
    {"skiff resume web", "go on"},
});

constexpr CommandSpec kResumeSpec = {
    .name = "resume",
    .operands = "NAME...",
    .summary = "let a paused VM run again",
    .description = "Lets the vCPUs of the VMs run on from where they were paused.",
    .options = {},
    .examples = kResumeExamples,
    .operand_completion = Completion::vm,
    .least_operands = 1,
    .most_operands = 1000,
    .run = [](const Arguments& arguments) { return post_to_each(arguments, "/v1/resume"); },
};

}  // namespace

const CommandSpec& resume_command() {
  return kResumeSpec;
}

}  // namespace skiff
