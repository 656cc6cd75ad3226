// Registers of the I/O APIC (Intel 82093AA data sheet, 290566-001, 3.0), and the EOI register that
// its successors of version 0x20 added (Intel ICH9 data sheet, 13.5.5).
#pragma once

#include <cstdint>

namespace skiff::ioapic {

// In memory.
inline constexpr std::uint64_t kIoRegSel = 0x00;
inline constexpr std::uint64_t kIoWin = 0x10;
inline constexpr std::uint64_t kEoi = 0x40;

// Behind the window.
inline constexpr std::uint8_t kId = 0x00;
inline constexpr std::uint8_t kVersion = 0x01;
inline constexpr std::uint8_t kArbitration = 0x02;
inline constexpr std::uint8_t kRedirection = 0x10;  // two words a pin

inline constexpr std::uint32_t kIdMask = 0x0f00'0000;
inline constexpr std::uint32_t kVersionValue = 0x20;
inline constexpr unsigned kMaxEntryShift = 16;

// A redirection table entry (3.2.4).
inline constexpr std::uint64_t kVector = 0xff;
inline constexpr std::uint64_t kDeliveryMode = 7ULL << 8;
inline constexpr std::uint64_t kLogical = 1ULL << 11;
inline constexpr std::uint64_t kDeliveryStatus = 1ULL << 12;
inline constexpr std::uint64_t kActiveLow = 1ULL << 13;
inline constexpr std::uint64_t kRemoteIrr = 1ULL << 14;
inline constexpr std::uint64_t kLevel = 1ULL << 15;
inline constexpr std::uint64_t kMasked = 1ULL << 16;
inline constexpr unsigned kDestinationShift = 56;
inline constexpr std::uint64_t kReadOnly = kDeliveryStatus | kRemoteIrr;
inline constexpr std::uint64_t kWritable = 0xff00'0000'0001'ffff & ~kReadOnly;

inline constexpr std::uint64_t kModeExtInt = 7ULL << 8;

// The message an entry becomes (Intel SDM volume 3, 11.11).
inline constexpr std::uint64_t kMessageAddress = 0xfee0'0000;
inline constexpr unsigned kMessageDestinationShift = 12;
inline constexpr std::uint64_t kMessageLogical = 1ULL << 2;
inline constexpr std::uint32_t kMessageAssert = 1U << 14;
inline constexpr std::uint32_t kMessageLevel = 1U << 15;

}  // namespace skiff::ioapic
