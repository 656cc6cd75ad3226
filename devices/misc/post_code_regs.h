// The manufacturing diagnostics port of the PC AT (IBM PC AT Technical Reference, 1984).
#pragma once

#include <cstdint>

namespace skiff::post_code {

inline constexpr std::uint64_t kCode = 0;

}  // namespace skiff::post_code
