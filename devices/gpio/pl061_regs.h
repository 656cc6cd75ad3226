// The registers of the PL061, by the names of ARM DDI 0190, table 3-1.
#pragma once

#include <cstdint>

namespace skiff::pl061 {

// GPIODATA: 256 addresses; bits 9 to 2 of the address say which lines are meant (3.3.1).
inline constexpr std::uint64_t kDataLast = 0x3fc;
inline constexpr std::uint64_t kDir = 0x400;
inline constexpr std::uint64_t kIs = 0x404;
inline constexpr std::uint64_t kIbe = 0x408;
inline constexpr std::uint64_t kIev = 0x40c;
inline constexpr std::uint64_t kIe = 0x410;
inline constexpr std::uint64_t kRis = 0x414;
inline constexpr std::uint64_t kMis = 0x418;
inline constexpr std::uint64_t kIc = 0x41c;
inline constexpr std::uint64_t kAfsel = 0x420;
inline constexpr std::uint64_t kSize = 0x1000;

}  // namespace skiff::pl061
