// The 512 bytes that IDENTIFY DEVICE answers. Pure.
// Source: ATA/ATAPI-6, 8.15; words 106, 169 and 217 as ATA8-ACS defines them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "devices/ide/ata_regs.h"
#include "devices/ide/ata_task_file.h"

namespace skiff {

// Constant facts of a drive.
struct AtaIdentity {
  std::string serial{};  // at most 20 characters count
  std::uint64_t sectors = 0;
  AtaGeometry geometry{};                           // as after power-on
  std::uint32_t physical_block = ata::kSectorSize;  // [bytes]
  bool can_trim = false;
  bool is_second = false;  // DEV is 1
};

inline constexpr std::uint8_t kAtaMostMultiple = 16;  // sectors

// What the host has set; here as after power-on. MULTIPLE is on without being asked for, as drives
// have it: Linux uses it only where it finds it so.
struct AtaSettings {
  AtaGeometry geometry{};
  std::uint8_t multiple = kAtaMostMultiple;  // sectors of a DRQ block; 0: no such commands
  std::uint8_t transfer_mode = 0;  // of multiword or Ultra DMA, as SET FEATURES has it; 0: none
  bool write_cache = true;
  bool look_ahead = true;
  friend bool operator==(const AtaSettings&, const AtaSettings&) = default;
};

inline constexpr std::uint8_t kAtaMultiwordModes = 3;   // 0 to 2
inline constexpr std::uint8_t kAtaUltraModes = 6;       // 0 to 5
inline constexpr std::uint32_t kAtaMostTrimBlocks = 8;  // of 64 ranges each
inline constexpr std::uint64_t kAtaMostLba28 = (1ULL << 28) - 1;

// Sixteen heads and 63 sectors, as drives have them whose cylinders cannot be counted any more.
AtaGeometry ata_default_geometry(std::uint64_t sectors);

std::array<std::byte, ata::kSectorSize> ata_identify(const AtaIdentity& identity,
                                                     const AtaSettings& settings);
// IDENTIFY PACKET DEVICE of a CD-ROM drive with packets of 12 bytes.
std::array<std::byte, ata::kSectorSize> atapi_identify(const AtaIdentity& identity,
                                                       const AtaSettings& settings);

}  // namespace skiff
