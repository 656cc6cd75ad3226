// The program's version, as the build system has it.
#pragma once

#include <string_view>

namespace skiff {

std::string_view version();

}  // namespace skiff
