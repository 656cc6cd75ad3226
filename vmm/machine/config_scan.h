// A cheap look at a TOML text before it is parsed, for two things the TOML library (3.3) cannot
// take.
#pragma once

#include <optional>
#include <string_view>

#include "vmm/machine/config_tree.h"

namespace skiff {

// Finds the first of:
// - a key with more than `limit` dotted parts. The library bounds nested brackets but not these,
// and
//   frees the tables of `a.a.a.a…` by recursion: half a million of them run off the stack.
// - a character beyond ASCII outside strings and comments, where TOML 1.0 has none; asked whether
//   one of U+00A1 to U+0499 is white space, the library runs into its own "unreachable". It asks in
//   one place where TOML allows such a character: after a backslash that ends a line of a
//   """string""". That is refused too, with an error of its own.
// Follows TOML's strings and comments as far as the first syntax error, where the library stops as
// well.
std::optional<ConfigSyntaxError> find_hazard(std::string_view text, unsigned limit);

}  // namespace skiff
