// The [[net]] sections.
#pragma once

#include <vector>

#include "vmm/machine/config_diagnostic.h"
#include "vmm/machine/config_tree.h"
#include "vmm/machine/vm_config.h"

namespace skiff {

// In the order of the file. `threads`: those a card may name.
std::vector<NetConfig> read_nets(const ConfigNode& root, const std::vector<IoThreadConfig>& threads,
                                 ConfigDiagnostics& diagnostics);

}  // namespace skiff
