// What lies on a kernel's stack.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "vmm/linux_guest/linear_reader.h"

namespace skiff {

// The words from `at` up, at most `count` and 512: as far as they are mapped, and within the half
// of the address space whose addresses have the bit `upper_half`, which is the kernel's.
std::vector<std::uint64_t> stack_words(const LinearReader& read, std::uint64_t at,
                                       std::size_t count, std::uint64_t upper_half);

}  // namespace skiff
