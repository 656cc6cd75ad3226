// The bus master of one IDE channel, and the configuration registers of Intel's PIIX4.
// Source: Programming Interface for Bus Master IDE Controller, revision 1.0 (Intel, 1994), 1.2 and
// 2; Intel 82371AB (PIIX4) data sheet, 290562-001, 6.
#pragma once

#include <cstdint>

namespace skiff::ide {

// Offsets from BAR 4; the second channel's eight bytes follow the first's.
inline constexpr std::uint64_t kBusMasterSize = 8;
inline constexpr std::uint64_t kBmCommand = 0;
inline constexpr std::uint64_t kBmStatus = 2;
inline constexpr std::uint64_t kBmTable = 4;  // four bytes

inline constexpr std::uint8_t kBmStart = 0x01;
inline constexpr std::uint8_t kBmToMemory = 0x08;  // RWCON: the bus master writes RAM

inline constexpr std::uint8_t kBmActive = 0x01;
inline constexpr std::uint8_t kBmError = 0x02;
inline constexpr std::uint8_t kBmInterrupt = 0x04;
inline constexpr std::uint8_t kBmDriveCapable = 0x60;  // one bit a drive, the host's to keep

// A physical region descriptor: address, count, end of table.
inline constexpr std::uint64_t kPrdSize = 8;               // [bytes]
inline constexpr std::uint64_t kPrdTableLimit = 0x1'0000;  // a table crosses no such border
inline constexpr std::uint32_t kPrdEnd = 0x8000'0000;
inline constexpr std::uint32_t kPrdCountMask = 0xfffe;  // 0: 64 KiB

// PIIX4's IDE function.
inline constexpr std::uint16_t kPiixVendor = 0x8086;
inline constexpr std::uint16_t kPiix4Ide = 0x7111;
inline constexpr std::uint32_t kPiixClass =
    0x01'01'80;                            // both channels at the old ports, bus master
inline constexpr unsigned kIdetim = 0x40;  // two bytes a channel
inline constexpr std::uint32_t kIdetimDecode = 0x8000;
inline constexpr unsigned kSidetim = 0x44;
inline constexpr unsigned kUdmactl = 0x48;
inline constexpr unsigned kUdmatim = 0x4a;

}  // namespace skiff::ide
