// skiff(1) in the man macros, from the same data as --help.
#pragma once

#include <string>

namespace skiff {

std::string man_page();

}  // namespace skiff
