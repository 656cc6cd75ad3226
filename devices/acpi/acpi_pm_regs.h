// ACPI fixed hardware: Advanced Configuration and Power Interface Specification 6.5, section 4.8.3.
#pragma once

#include <cstdint>

namespace skiff::acpi_pm {

// Offsets. PM1a_EVT_BLK is 4 bytes at 0 (FADT.PM1_EVT_LEN = 4), PM1a_CNT_BLK 2 bytes at 4.
inline constexpr std::uint64_t kPm1Sts = 0;
inline constexpr std::uint64_t kPm1En = 2;
inline constexpr std::uint64_t kPm1Cnt = 4;
inline constexpr std::uint64_t kSize = 6;

// PM1 status (table 4.11) and, at the same bits, enable (table 4.12).
inline constexpr std::uint16_t kTmr = 1 << 0;
inline constexpr std::uint16_t kGbl = 1 << 5;
inline constexpr std::uint16_t kPwrbtn = 1 << 8;
inline constexpr std::uint16_t kSlpbtn = 1 << 9;
inline constexpr std::uint16_t kRtc = 1 << 10;
inline constexpr std::uint16_t kEnableMask = kTmr | kGbl | kPwrbtn | kSlpbtn | kRtc;

// PM1 control (table 4.13).
inline constexpr std::uint16_t kSciEn = 1 << 0;
inline constexpr std::uint16_t kBmRld = 1 << 1;
inline constexpr unsigned kSlpTypShift = 10;
inline constexpr std::uint16_t kSlpTypMask = 7 << kSlpTypShift;
inline constexpr std::uint16_t kSlpEn = 1 << 13;  // write-only
inline constexpr std::uint16_t kControlKept = kBmRld | kSlpTypMask;

// What the DSDT's \_S5 object gives for SLP_TYP.
inline constexpr std::uint16_t kSlpTypS5 = 5;

}  // namespace skiff::acpi_pm
