// `skiff run`: one machine from its configuration to its end.
#pragma once

#include "vmm/machine/run_options.h"
#include "vmm/machine/vm_config.h"

namespace skiff {

// Creates the machine, connects the console to stdin and stdout, runs until the guest ends or a
// signal stops it, prints the statistics asked for, and returns the process's exit status (see
// vmm/base/exit_status.h). Logging is set up already. Throws HostError (status 121) or ConfigError
// (status 120, for what only shows once the kernel image is read) before the guest has started,
// nothing afterwards.
// Thread rule: called once, from main's thread, before any other thread exists.
int run_machine(const VmConfig& config, const RunOptions& options);

}  // namespace skiff
