// Registers and command words of the 8259A (Intel 8259A data sheet, 231468-003), and the
// edge/level control registers beside it (Intel ICH9 data sheet, 13.4.13, 13.4.14).
#pragma once

#include <cstdint>

namespace skiff::pic {

// Offsets of PicPair: where its three pairs of ports begin.
inline constexpr std::uint64_t kMaster = 0;
inline constexpr std::uint64_t kSlave = 2;
inline constexpr std::uint64_t kElcr = 4;
inline constexpr std::uint64_t kRegisters = 6;

inline constexpr unsigned kInputs = 8;   // of one chip
inline constexpr unsigned kCascade = 2;  // the master's input that the slave's INT drives
inline constexpr unsigned kSpuriousInput = 7;

// ICW1, at A0 = 0 with D4 set.
inline constexpr std::uint8_t kIcw1 = 1 << 4;
inline constexpr std::uint8_t kIcw1Single = 1 << 1;
inline constexpr std::uint8_t kIcw1NeedsIcw4 = 1 << 0;
inline constexpr std::uint8_t kIcw2Base = 0xf8;
inline constexpr std::uint8_t kIcw4SpecialFullyNested = 1 << 4;
inline constexpr std::uint8_t kIcw4AutoEoi = 1 << 1;

// OCW2, at A0 = 0 with D4 and D3 clear: R, SL, EOI in the three high bits, a level in the low ones.
inline constexpr unsigned kOcw2CommandShift = 5;
inline constexpr std::uint8_t kOcw2Level = 7;
enum Ocw2Command : std::uint8_t {
  kRotateInAutoEoiClear = 0,
  kNonSpecificEoi = 1,
  kNoOperation = 2,
  kSpecificEoi = 3,
  kRotateInAutoEoiSet = 4,
  kRotateOnNonSpecificEoi = 5,
  kSetPriority = 6,
  kRotateOnSpecificEoi = 7,
};

// OCW3, at A0 = 0 with D4 clear and D3 set.
inline constexpr std::uint8_t kOcw3 = 1 << 3;
inline constexpr std::uint8_t kOcw3SetSpecialMask = 1 << 6;
inline constexpr std::uint8_t kOcw3SpecialMask = 1 << 5;
inline constexpr std::uint8_t kOcw3Poll = 1 << 2;
inline constexpr std::uint8_t kOcw3SetRead = 1 << 1;
inline constexpr std::uint8_t kOcw3ReadIsr = 1 << 0;

inline constexpr std::uint8_t kPollInterrupt = 1 << 7;  // in the poll word

// ELCR1, ELCR2: IRQ 0, 1, 2, 8 and 13 are edges for ever.
inline constexpr std::uint8_t kElcrMaster = 0xf8;
inline constexpr std::uint8_t kElcrSlave = 0xde;

}  // namespace skiff::pic
