// A configuration in one line.
#pragma once

#include <string>

#include "vmm/machine/vm_config.h"

namespace skiff {

// "skiff: 2 vCPUs, 512M RAM, kernel vmlinuz (auto), COM1 on the console"
std::string config_summary(const VmConfig& config);

}  // namespace skiff
