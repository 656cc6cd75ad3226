// Settings of the command line, laid over the file's before anything is validated.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "vmm/machine/config_diagnostic.h"
#include "vmm/machine/config_tree.h"

namespace skiff {

struct ConfigOverride {
  // Dotted: "machine.vcpus"; in a list of sections by its place: "serial.0.target", "disk.+.path"
  // (a new one at the end), "disk.-.read_only" (the last one).
  std::string key;
  std::string value;  // a TOML value; where the key wants text, or it is none, text as it stands
  std::string label;  // what error messages begin with: "--set machine.vcpus=2", "--vcpus 2"
};

// "KEY=VALUE" as given to --set. Without "=" the key stays empty, which
// apply_overrides reports.
ConfigOverride parse_set_argument(const std::string& argument);

// Lays the overrides over `root` in their order; the n-th (from 1) becomes source n of its places.
void apply_overrides(ConfigNode& root, const std::vector<ConfigOverride>& overrides,
                     ConfigDiagnostics& diagnostics);

}  // namespace skiff
