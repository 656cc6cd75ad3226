// Which open descriptors a configuration counts on: `fd = N` of a tap, and files that are named as
// /dev/fd/N or /proc/self/fd/N, which is what a shell's <(...) becomes.
// Thread rule: any thread; no state.
#pragma once

#include <string_view>
#include <vector>

#include "vmm/machine/vm_config.h"

namespace skiff {

// In no order, some perhaps more than once.
std::vector<int> descriptors_of(const VmConfig& config);
// Adds the one that `path` names, if it does.
void add_descriptor_of(std::string_view path, std::vector<int>& descriptors);

}  // namespace skiff
