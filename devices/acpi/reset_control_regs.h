// The reset control register at port 0xcf9: Intel 82371SB (PIIX3) data sheet, 2.3.2 "RC - Reset
// Control Register"; ICH9 family data sheet, 13.7.5 "RST_CNT".
#pragma once

#include <cstdint>

namespace skiff::reset_control {

inline constexpr std::uint64_t kRstCnt = 0;
inline constexpr std::uint8_t kSysRst = 0x02;   // hard rather than soft reset
inline constexpr std::uint8_t kRstCpu = 0x04;   // its rising edge resets
inline constexpr std::uint8_t kFullRst = 0x08;  // with a power cycle
inline constexpr std::uint8_t kKept = kSysRst | kFullRst;

// FADT.RESET_VALUE.
inline constexpr std::uint8_t kHardReset = kSysRst | kRstCpu;

}  // namespace skiff::reset_control
