// From a tree to a VmConfig: one function per section, each reporting all it finds wrong.
#pragma once

#include "vmm/machine/config_diagnostic.h"
#include "vmm/machine/config_facts.h"
#include "vmm/machine/config_paths.h"
#include "vmm/machine/config_tree.h"
#include "vmm/machine/vm_config.h"

namespace skiff {

// Reads and validates everything. What was wrong keeps its default in the result, which is to be
// used only where no diagnostic was added.
VmConfig read_sections(const ConfigNode& root, const ConfigFacts& facts, const ConfigPaths& paths,
                       ConfigDiagnostics& diagnostics);

}  // namespace skiff
