// The options of `run` and `check` that change the configuration.
#pragma once

#include <vector>

#include "vmm/cli/arguments.h"
#include "vmm/machine/config_overrides.h"

namespace skiff {

// --set and its short forms, in the order of the command line (so that the last one wins).
std::vector<ConfigOverride> config_overrides(const Arguments& arguments);

}  // namespace skiff
