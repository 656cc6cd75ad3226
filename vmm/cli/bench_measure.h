// From the command line of `skiff bench` to a measured report.
#pragma once

#include <vector>

#include "vmm/bench/matrix.h"
#include "vmm/bench/report.h"
#include "vmm/cli/arguments.h"

namespace skiff {

// Throws UsageError where an option's value is none, or a guest's program is not there.
// `signal_number`: of the signal that ended it early; 0: none did.
bench::Report bench_measure(const Arguments& arguments, const std::vector<bench::VmPlan>& plans,
                            const bench::Selection& selection, int& signal_number);

}  // namespace skiff
