// The [[serial]] sections.
#pragma once

#include <vector>

#include "vmm/machine/config_diagnostic.h"
#include "vmm/machine/config_facts.h"
#include "vmm/machine/config_paths.h"
#include "vmm/machine/config_tree.h"
#include "vmm/machine/vm_config.h"

namespace skiff {

// All serial ports, COM1 among them (added where no section describes it), by unit; `port` and
// `irq` are filled in where the configuration leaves them out.
std::vector<SerialConfig> read_serial_ports(const ConfigNode& root, const ConfigFacts& facts,
                                            const ConfigPaths& paths,
                                            ConfigDiagnostics& diagnostics);

}  // namespace skiff
