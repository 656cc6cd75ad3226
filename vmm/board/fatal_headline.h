// The architecture-neutral half of a failure report: what KVM itself said.
#pragma once

#include <string>

#include "vmm/kvm/vcpu_exit.h"

namespace skiff {

// One line without its end: "triple fault", "KVM internal error: emulation failure (suberror 1)".
std::string fatal_headline(const Fatal& fatal);
// Lines of what else KVM gave (reason, data words, instruction bytes); empty if nothing.
std::string fatal_details(const Fatal& fatal);

}  // namespace skiff
