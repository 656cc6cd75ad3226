// The registers of the MC146818 (Motorola data sheet, 1984, "MC146818 RTC plus RAM"), the PC's two
// ports to them, and what the PC keeps in the RAM behind them.
#pragma once

#include <cstdint>

namespace skiff::cmos_rtc {

// Offsets of the two ports (0x70 and 0x71 on a PC).
inline constexpr std::uint64_t kIndexPort = 0;
inline constexpr std::uint64_t kDataPort = 1;
inline constexpr std::uint8_t kNmiDisable = 0x80;  // bit 7 of the index port

// Registers.
inline constexpr std::uint8_t kSeconds = 0x00;
inline constexpr std::uint8_t kSecondsAlarm = 0x01;
inline constexpr std::uint8_t kMinutes = 0x02;
inline constexpr std::uint8_t kMinutesAlarm = 0x03;
inline constexpr std::uint8_t kHours = 0x04;
inline constexpr std::uint8_t kHoursAlarm = 0x05;
inline constexpr std::uint8_t kDayOfWeek = 0x06;  // 1 is Sunday
inline constexpr std::uint8_t kDayOfMonth = 0x07;
inline constexpr std::uint8_t kMonth = 0x08;
inline constexpr std::uint8_t kYear = 0x09;
inline constexpr std::uint8_t kRegisterA = 0x0a;
inline constexpr std::uint8_t kRegisterB = 0x0b;
inline constexpr std::uint8_t kRegisterC = 0x0c;
inline constexpr std::uint8_t kRegisterD = 0x0d;
inline constexpr std::uint8_t kSize = 128;

// Register A.
inline constexpr std::uint8_t kUip = 0x80;
inline constexpr std::uint8_t kDividerMask = 0x70;
inline constexpr std::uint8_t kDividerReset = 0x60;  // 11x: the chain is held in reset
inline constexpr std::uint8_t kRateMask = 0x0f;
// Register B.
inline constexpr std::uint8_t kSet = 0x80;
inline constexpr std::uint8_t kPie = 0x40;
inline constexpr std::uint8_t kAie = 0x20;
inline constexpr std::uint8_t kUie = 0x10;
inline constexpr std::uint8_t kSqwe = 0x08;
inline constexpr std::uint8_t kDm = 0x04;        // 1 is binary, 0 is BCD
inline constexpr std::uint8_t kHours24 = 0x02;   // 24/12
inline constexpr std::uint8_t kHoursPm = 0x80;   // in the hours registers in 12-hour mode
inline constexpr std::uint8_t kDontCare = 0xc0;  // in an alarm register: 11xxxxxx
// Register C. The enables in B stand at the same bits.
inline constexpr std::uint8_t kIrqf = 0x80;
inline constexpr std::uint8_t kPf = 0x40;
inline constexpr std::uint8_t kAf = 0x20;
inline constexpr std::uint8_t kUf = 0x10;
// Register D.
inline constexpr std::uint8_t kVrt = 0x80;

// The PC's use of the RAM (IBM PC AT Technical Reference, 1984, "CMOS RAM"; Bochs BIOS for 0x34
// on).
inline constexpr std::uint8_t kShutdownStatus = 0x0f;
inline constexpr std::uint8_t kEquipment = 0x14;
inline constexpr std::uint8_t kBaseMemory = 0x15;           // 2 bytes [KiB]
inline constexpr std::uint8_t kExtendedMemory = 0x17;       // 2 bytes [KiB above 1 MiB]
inline constexpr std::uint8_t kChecksum = 0x2e;             // of 0x10 to 0x2d, high byte first
inline constexpr std::uint8_t kExtendedMemoryFound = 0x30;  // as 0x17
inline constexpr std::uint8_t kCentury = 0x32;              // FADT.CENTURY
inline constexpr std::uint8_t kMemoryAbove16M = 0x34;       // 2 bytes [64 KiB]
inline constexpr std::uint8_t kMemoryAbove4G = 0x5b;        // 3 bytes [64 KiB]

}  // namespace skiff::cmos_rtc
