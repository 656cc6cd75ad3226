// The [[disk]] sections.
#pragma once

#include <vector>

#include "vmm/machine/config_diagnostic.h"
#include "vmm/machine/config_paths.h"
#include "vmm/machine/config_tree.h"
#include "vmm/machine/vm_config.h"

namespace skiff {

// In the order of the file. `threads`: those a disk may name.
std::vector<DiskConfig> read_disks(const ConfigNode& root,
                                   const std::vector<IoThreadConfig>& threads,
                                   const ConfigPaths& paths, ConfigDiagnostics& diagnostics);

}  // namespace skiff
