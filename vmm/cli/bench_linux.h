// `skiff bench linux`: the kernel and the initramfs that it boots.
#pragma once

#include <string>

#include "vmm/cli/arguments.h"

namespace skiff {

struct BenchLinux {
  std::string kernel;
  std::string initramfs;
};

// Throws UsageError where an option is of the other guests, or of Linux and it is not asked for.
void check_bench_linux(const Arguments& arguments);
// Throws UsageError where one of them is not there.
BenchLinux bench_linux(const Arguments& arguments);

}  // namespace skiff
