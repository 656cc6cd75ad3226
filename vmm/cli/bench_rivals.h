// `skiff bench --vs`: the other monitors that were asked for, and where their programs are.
#pragma once

#include <vector>

#include "vmm/bench/monitors.h"
#include "vmm/cli/arguments.h"

namespace skiff {

// Throws UsageError for a name that is not known, or a program that is not there.
std::vector<bench::Rival> bench_rivals(const Arguments& arguments);

}  // namespace skiff
