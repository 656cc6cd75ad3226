// The [[virtio_console]] sections: ports of one device.
#pragma once

#include "vmm/machine/config_diagnostic.h"
#include "vmm/machine/config_paths.h"
#include "vmm/machine/config_tree.h"
#include "vmm/machine/vm_config.h"

namespace skiff {

// In the order of the file. `serial`: the serial ports as they were read; where a port of the
// virtio console is the terminal, a COM1 that no section describes goes nowhere instead.
VirtioConsoleConfig read_virtio_console(const ConfigNode& root,
                                        const std::vector<IoThreadConfig>& threads,
                                        const ConfigPaths& paths, std::vector<SerialConfig>& serial,
                                        ConfigDiagnostics& diagnostics);

}  // namespace skiff
