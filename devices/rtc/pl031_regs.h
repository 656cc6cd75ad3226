// The registers of the PL031, by the names of ARM DDI 0224, table 3-1.
#pragma once

#include <cstdint>

namespace skiff::pl031 {

inline constexpr std::uint64_t kDr = 0x00;
inline constexpr std::uint64_t kMr = 0x04;
inline constexpr std::uint64_t kLr = 0x08;
inline constexpr std::uint64_t kCr = 0x0c;
inline constexpr std::uint64_t kImsc = 0x10;
inline constexpr std::uint64_t kRis = 0x14;
inline constexpr std::uint64_t kMis = 0x18;
inline constexpr std::uint64_t kIcr = 0x1c;
inline constexpr std::uint64_t kSize = 0x1000;

}  // namespace skiff::pl031
