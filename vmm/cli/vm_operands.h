// Commands on one or several named VMs.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "vmm/cli/arguments.h"
#include "vmm/cli/command_spec.h"

namespace skiff {

// Calls `act` for each operand. One that fails (an Error) is told on stderr, and the others are
// gone on with; the status is then the first failure's.
int for_each_vm(const Arguments& arguments, const std::function<void(const std::string&)>& act);

// The command whose whole work is one POST to each VM, say to "/v1/pause".
int post_to_each(const Arguments& arguments, std::string_view target);

}  // namespace skiff
