// The files of `skiff bench`: reports that it writes, and reads again.
#pragma once

#include <string>

#include "vmm/bench/report.h"
#include "vmm/cli/arguments.h"

namespace skiff {

// Throws UsageError where what is to be kept (--json, --html) could not be written: before minutes
// are spent on it.
void check_bench_files(const Arguments& arguments);
void write_bench_files(const Arguments& arguments, const bench::Report& report);

// Throws UsageError where `path` is no file of --json.
bench::Report read_bench_report(const std::string& path);

}  // namespace skiff
