// The GDT, TSS and page tables a guest is entered with, and the segment registers that match them.
//
// One GDT for every protocol (__BOOT_CS 0x10 and __BOOT_DS 0x18 are what Linux's boot protocol asks
// for, Documentation/arch/x86/boot.rst):
//   0x10 code, ring 0   0x18 data, ring 0   0x20 TSS (0x20-0x2f in long mode)
//   0x30 32-bit code, ring 3   0x38 data, ring 3   0x40 64-bit code, ring 3
// so that STAR = 0x0030'0010 << 32 makes syscall and sysret work for a program that wants them.
#pragma once

#include <cstdint>

#include "vmm/boot/x86_64/boot_job.h"
#include "vmm/boot/x86_64/boot_state.h"

namespace skiff {

inline constexpr std::uint64_t kCr0ProtectedMode = 1ULL << 0;  // PE
inline constexpr std::uint64_t kCr0ExtensionType = 1ULL << 4;  // ET, always set on a real CPU
inline constexpr std::uint64_t kCr0NumericError = 1ULL << 5;   // NE
inline constexpr std::uint64_t kCr0Paging = 1ULL << 31;        // PG
inline constexpr std::uint64_t kCr4PhysicalAddressExtension = 1ULL << 5;
inline constexpr std::uint64_t kEferLongModeEnable = 1ULL << 8;
inline constexpr std::uint64_t kEferLongModeActive = 1ULL << 10;
// Identity-mapped by enter_long_mode. [bytes]
inline constexpr std::uint64_t kIdentityMapped = 4ULL << 30;

// 32-bit protected mode, paging off, flat ring-0 segments, GDT in RAM, no IDT.
void enter_protected_mode(BootJob& job, BootState& state);
// Long mode, the first 4 GiB identity-mapped by 2 MiB pages, GDT and TSS in RAM, no IDT.
// `privilege` 0 or 3; 3: the pages are user pages and the TSS allows ring 3 every port.
void enter_long_mode(BootJob& job, BootState& state, unsigned privilege);

// The 8-byte descriptor of a segment (Intel SDM vol. 3, 3.4.5); of a 16-byte system descriptor the
// first half.
std::uint64_t encode_descriptor(const BootSegment& segment);

}  // namespace skiff
