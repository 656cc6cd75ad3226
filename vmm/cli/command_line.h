// From argv to Arguments, by the rules of command_spec.
#pragma once

#include <string>
#include <vector>

#include "vmm/base/error.h"
#include "vmm/cli/arguments.h"

namespace skiff {

// The command line cannot be understood; what() says why, and what was probably meant.
class UsageError : public ConfigError {
 public:
  using ConfigError::ConfigError;
};

// `words`: argv without the program's name. Options of the program may stand before and after the
// command. Throws UsageError.
Arguments parse_command_line(const std::vector<std::string>& words);

}  // namespace skiff
