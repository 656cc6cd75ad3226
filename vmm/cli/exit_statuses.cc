#include "vmm/cli/exit_statuses.h"

#include <array>

#include "vmm/base/exit_status.h"

namespace skiff {
namespace {

static_assert(exit_status::kPoweredOff == 0 && exit_status::kGuestMax == 119 &&
                  exit_status::kUsage == 120 && exit_status::kHost == 121 &&
                  exit_status::kGuestPanic == 122 && exit_status::kGuestFault == 123 &&
                  exit_status::of_signal(1) == 129,
              "the texts below name these numbers");

constexpr auto kTexts = std::to_array<ExitStatusText>({
    {"0", "the guest powered off, or the command did what it was asked"},
    {"1-119", "the guest's own status, written to its debug-exit port; a larger one becomes 119"},
    {"120", "the command line or the configuration is wrong"},
    {"121", "the host refused something: /dev/kvm, memory, a file"},
    {"122", "the guest's kernel panicked"},
    {"123", "the guest ended in a triple fault, or KVM could not go on with it"},
    {"128+N", "signal N stopped the machine"},
});

}  // namespace

std::span<const ExitStatusText> exit_status_texts() {
  return kTexts;
}

}  // namespace skiff
