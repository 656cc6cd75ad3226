// A command's answer on stdout.
#pragma once

#include <string_view>

namespace skiff {

// Writes all of it and returns 0. Throws HostError where stdout does not take it (closed, full
// disk). A reader that has gone away (`skiff help | head -1`) is no error.
int print_all(std::string_view text);

// Of std::bad_alloc, behind "skiff: ".
inline constexpr std::string_view kOutOfMemory =
    "out of memory (the process limit on memory is `ulimit -v`)";

}  // namespace skiff
