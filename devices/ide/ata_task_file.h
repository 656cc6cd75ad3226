// The command block registers of one ATA device, and the sector range that a command in them names.
//
// With the 48-bit feature set Features, Count and the LBA registers are two-byte FIFOs: each write
// moves the byte that was there to the "previous content", which a host reads with HOB set.
//
// Thread rule: plain data and pure functions.
// Source: ATA/ATAPI-6, 6.2 (addressing), 6.20 (48-bit), 7.
#pragma once

#include <cstdint>
#include <optional>

namespace skiff {

struct AtaGeometry {
  std::uint32_t cylinders = 0;
  std::uint32_t heads = 0;
  std::uint32_t sectors = 0;  // of a track
  friend bool operator==(const AtaGeometry&, const AtaGeometry&) = default;
};

struct AtaRange {
  std::uint64_t lba = 0;
  std::uint32_t sectors = 0;  // 1 to 65536
};

struct AtaTaskFile {
  struct Byte {
    std::uint8_t now = 0;
    std::uint8_t previous = 0;
    void write(std::uint8_t value) {
      previous = now;
      now = value;
    }
    std::uint8_t read(bool hob) const { return hob ? previous : now; }
    friend bool operator==(const Byte&, const Byte&) = default;
  };

  Byte features{};
  Byte count{};
  Byte lba_low{};
  Byte lba_mid{};
  Byte lba_high{};
  std::uint8_t device = 0;

  // The FIFO behind an offset of ata_regs.h, or null.
  Byte* byte(std::uint64_t offset);
  const Byte* byte(std::uint64_t offset) const;

  // What a read or write command means: 28-bit, or by cylinder, head and sector where the LBA bit
  // is clear; nothing for a sector number that does not exist in `geometry`.
  std::optional<AtaRange> range28(const AtaGeometry& geometry) const;
  AtaRange range48() const;

  // Where a command has failed, or the largest address.
  void set_lba28(std::uint64_t lba);
  void set_lba48(std::uint64_t lba);
  // In the form in which the host wrote its address.
  void set_failed(std::uint64_t lba, bool ext, const AtaGeometry& geometry);

  friend bool operator==(const AtaTaskFile&, const AtaTaskFile&) = default;
};

}  // namespace skiff
