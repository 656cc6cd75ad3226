// Registers of the 8254 interval timer (Intel 82C54 data sheet, 231244-006) and port 0x61, the
// PC's system control port B (IBM PC AT Technical Reference, 1984; Intel ICH9 data sheet, 13.7.1).
#pragma once

#include <cstdint>

namespace skiff::pit {

// Offsets of Pit8254.
inline constexpr std::uint64_t kCounters = 3;  // counter 0 to 2 at 0 to 2
inline constexpr std::uint64_t kControl = 3;
inline constexpr std::uint64_t kPortB = 4;
inline constexpr std::uint64_t kRegisters = 5;

// The PC's crystal, 14.318 MHz / 12, in the number that operating systems use.
inline constexpr std::uint64_t kFrequency = 1'193'182;  // [Hz]

// Control word: SC1 SC0 RW1 RW0 M2 M1 M0 BCD.
inline constexpr unsigned kSelectShift = 6;
inline constexpr std::uint8_t kReadBack = 3;  // as SC
inline constexpr unsigned kAccessShift = 4;
inline constexpr std::uint8_t kAccessMask = 3;
enum Access : std::uint8_t { kLatch = 0, kLowByte = 1, kHighByte = 2, kBothBytes = 3 };
inline constexpr unsigned kModeShift = 1;
inline constexpr std::uint8_t kModeMask = 7;
inline constexpr std::uint8_t kBcd = 1 << 0;

// Read-back command: what is not latched, and which counters.
inline constexpr std::uint8_t kReadBackNoCount = 1 << 5;
inline constexpr std::uint8_t kReadBackNoStatus = 1 << 4;
inline constexpr unsigned kReadBackFirstCounter = 1;  // bit of counter 0

// Status byte: these, and the control word's low six bits.
inline constexpr std::uint8_t kStatusOut = 1 << 7;
inline constexpr std::uint8_t kStatusNullCount = 1 << 6;

// Port B.
inline constexpr std::uint8_t kGate2 = 1 << 0;
inline constexpr std::uint8_t kPortBKept = 0x0f;  // gate 2, speaker data, two NMI enables
inline constexpr unsigned kRefreshShift = 4;      // toggles with each refresh of memory
inline constexpr std::uint64_t kRefreshTicks = 18;
inline constexpr std::uint8_t kOut2 = 1 << 5;

}  // namespace skiff::pit
