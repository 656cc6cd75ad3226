// The debug register (docs/devices.md).
#pragma once

#include <cstdint>

namespace skiff::debug_register {

inline constexpr std::uint64_t kValue = 0;  // read, write: 1, 2 or 4 bytes
inline constexpr std::uint64_t kSize = 4;

}  // namespace skiff::debug_register
