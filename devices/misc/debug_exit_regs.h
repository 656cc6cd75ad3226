// QEMU's isa-debug-exit (hw/misc/debugexit.c), whose protocol test kernels know.
#pragma once

#include <cstdint>

namespace skiff::debug_exit {

inline constexpr std::uint64_t kExitCode = 0;  // write: 1, 2 or 4 bytes; reads as 0

}  // namespace skiff::debug_exit
