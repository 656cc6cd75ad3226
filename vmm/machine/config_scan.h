// A cheap look at a TOML text before it is parsed, for what the TOML library (3.3) cannot take, or
// has no good word for.
#pragma once

#include <optional>
#include <string_view>

#include "vmm/machine/config_tree.h"

namespace skiff {

// Finds the first of:
// - a key with more than `limit` dotted parts. The library bounds nested brackets but not these,
// and
//   frees the tables of `a.a.a.a…` by recursion: half a million of them run off the stack.
// - a character beyond ASCII outside strings and comments, where TOML 1.0 has none; the library's
//   own words for it do not say what to do.
// Follows TOML's strings and comments as far as the first syntax error, where the library stops as
// well.
std::optional<ConfigSyntaxError> find_hazard(std::string_view text, unsigned limit);

}  // namespace skiff
