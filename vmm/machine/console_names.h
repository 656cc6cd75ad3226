// What a person calls the consoles of a VM: "com1" to "com4", a virtio console port's own name, or
// else "hvc0", "hvc1", ... (console ports, as Linux counts them) and "port3" (others, by their
// place).
#pragma once

#include <string>
#include <vector>

#include "vmm/machine/vm_config.h"

namespace skiff {

// Of all serial ports, then all ports of the virtio console, each in the configuration's order. All
// are different, and each can be the name of a file: letters, digits, '.', '-', '_', not hidden.
std::vector<std::string> console_names(const VmConfig& config);

}  // namespace skiff
