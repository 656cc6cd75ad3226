// Completion for bash, from the same data as --help and the table of configuration keys.
#pragma once

#include <string>

namespace skiff {

std::string bash_completion();

}  // namespace skiff
