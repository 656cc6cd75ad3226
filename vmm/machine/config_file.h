// From a TOML file and the command line to a validated VmConfig, or to all that is wrong with them
// at once. docs/config.md is the reference for people.
// Thread rule: any thread; no state is kept.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "vmm/machine/config_diagnostic.h"
#include "vmm/machine/config_facts.h"
#include "vmm/machine/config_overrides.h"
#include "vmm/machine/config_paths.h"
#include "vmm/machine/vm_config.h"

namespace skiff {

// The largest file accepted [bytes]; a real one has a few hundred.
inline constexpr std::size_t kMaxConfigFile = 1U << 20;

struct ConfigResult {
  VmConfig config;                       // meaningful only without errors
  std::vector<ConfigDiagnostic> errors;  // by place
  ConfigPlace irqchip_place{};           // of machine.irqchip; line 0 in the file: not there
};

// Pure but for the looks at files that `paths` allows; any bytes are welcome.
ConfigResult read_config(std::string_view text, const std::vector<ConfigOverride>& overrides,
                         const ConfigFacts& facts, const ConfigPaths& paths);

// `file` empty: from the overrides alone. Throws ConfigError whose what() holds every error, ready
// to be printed. Never blocks, and reads at most kMaxConfigFile bytes.
VmConfig load_config(const std::string& file, const std::vector<ConfigOverride>& overrides,
                     const ConfigFacts& facts);

}  // namespace skiff
