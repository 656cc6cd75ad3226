// `skiff why`.
#include <array>

#include "vmm/cli/arguments.h"
#include "vmm/cli/command_spec.h"
#include "vmm/cli/print.h"
#include "vmm/control/client/control_client.h"

namespace skiff {
namespace {

constexpr auto kWhyExamples = std::to_array<ExampleSpec>({
    {"skiff why web", "what web's guest is doing, and what is probably wrong with it"},
});

int why_main(const Arguments& arguments) {
  return print_all(ControlClient(arguments.operand).get("/v1/why"));
}

constexpr CommandSpec kWhySpec = {
    .name = "why",
    .operands = "NAME",
    .summary = "say on one page what a VM's guest is doing",
    .description =
        "Looks at the VM's processors for about a tenth of a second, and prints: what is probably "
        "wrong, or that nothing is; what each vCPU does and where, with the kernel's own symbols; "
        "the busiest registers and the last exits; the last kernel messages, read from the guest's "
        "memory, whether it has a console or not. The guest goes on meanwhile, but for a few stops "
        "of less than a millisecond.\n\n"
        "The same page comes by itself when a guest ends badly, and when it has printed nothing "
        "for machine.why_after seconds while it keeps a processor busy; on a console, Ctrl-A w.",
    .options = {},
    .examples = kWhyExamples,
    .operand_completion = Completion::vm,
    .least_operands = 1,
    .run = why_main,
};

}  // namespace

const CommandSpec& why_command() {
  return kWhySpec;
}

}  // namespace skiff
