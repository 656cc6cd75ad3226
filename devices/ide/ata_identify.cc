#include "devices/ide/ata_identify.h"

#include <algorithm>
#include <bit>
#include <span>
#include <string_view>

#include "vmm/base/bytes.h"

namespace skiff {
namespace {

constexpr std::string_view kDiskModel = "Skiff ATA disk";
constexpr std::string_view kDriveModel = "Skiff CD-ROM";
constexpr std::string_view kFirmware = "1.0";

class Words {
 public:
  void set(unsigned word, std::uint64_t value, unsigned count = 1) {
    for (unsigned i = 0; i < count; ++i) {
      store_le(std::span<std::byte>(bytes_), std::uint64_t{word + i} * 2,
               static_cast<std::uint16_t>(value >> (16 * i)));
    }
  }
  // 8.15.8: padded with spaces, the first character of each word in its high byte.
  void text(unsigned word, unsigned count, std::string_view text) {
    for (unsigned i = 0; i < count * 2; ++i) {
      const char c = i < text.size() && text[i] >= ' ' && text[i] <= '~' ? text[i] : ' ';
      bytes_[word * 2 + (i ^ 1U)] = static_cast<std::byte>(c);
    }
  }
  // 8.15.61: the sum of all bytes is zero.
  std::array<std::byte, ata::kSectorSize> sealed() {
    set(255, 0x00a5);
    unsigned sum = 0;
    for (const std::byte byte : bytes_)
      sum += std::to_integer<unsigned>(byte);
    bytes_.back() = static_cast<std::byte>(0x100 - (sum & 0xff));
    return bytes_;
  }

 private:
  std::array<std::byte, ata::kSectorSize> bytes_{};
};

constexpr unsigned modes_mask(unsigned modes) {
  return (1U << modes) - 1;
}

// The bit of the selected mode, in the high byte, where it is of this kind.
unsigned selected_mode(std::uint8_t mode, std::uint8_t kind) {
  return (mode & 0xf8) == kind ? 0x100U << (mode & 7) : 0;
}

void set_names(Words& words, const AtaIdentity& identity, std::string_view model) {
  words.text(10, 10, identity.serial);
  words.text(23, 4, kFirmware);
  words.text(27, 20, model);
}

void set_modes(Words& words, const AtaIdentity& identity, const AtaSettings& settings) {
  words.set(63, modes_mask(kAtaMultiwordModes) |
                    selected_mode(settings.transfer_mode, ata::kMultiwordDma));
  words.set(64, 0x0003);  // PIO modes 3 and 4
  for (unsigned word = 65; word <= 68; ++word)
    words.set(word, 120);  // cycle times [ns]
  words.set(88, modes_mask(kAtaUltraModes) | selected_mode(settings.transfer_mode, ata::kUltraDma));
  // A 40-conductor cable; both devices passed their diagnostics.
  words.set(93, identity.is_second ? 0x4b00 : 0x400b);
}

}  // namespace

AtaGeometry ata_default_geometry(std::uint64_t sectors) {
  constexpr std::uint64_t kHeads = 16;
  constexpr std::uint64_t kSectors = 63;
  const std::uint64_t cylinders =
      std::clamp<std::uint64_t>(sectors / (kHeads * kSectors), 1, 16383);
  return {static_cast<std::uint32_t>(cylinders), kHeads, kSectors};
}

std::array<std::byte, ata::kSectorSize> ata_identify(const AtaIdentity& identity,
                                                     const AtaSettings& settings) {
  Words words;
  const AtaGeometry& first = identity.geometry;
  const AtaGeometry& now = settings.geometry;
  words.set(0, 0x0040);  // not removable
  words.set(1, first.cylinders);
  words.set(3, first.heads);
  words.set(6, first.sectors);
  set_names(words, identity, kDiskModel);
  words.set(47, 0x8000U | kAtaMostMultiple);
  words.set(49, 0x2f00);  // standby timer, IORDY, LBA, DMA
  words.set(50, 0x4000);
  words.set(51, 0x0200);
  words.set(53, 0x0007);  // words 54-58, 64-70 and 88 hold
  words.set(54, now.cylinders);
  words.set(55, now.heads);
  words.set(56, now.sectors);
  words.set(57, std::uint64_t{now.cylinders} * now.heads * now.sectors, 2);
  words.set(59, settings.multiple == 0 ? 0U : 0x0100U | settings.multiple);
  words.set(60, std::min(identity.sectors, kAtaMostLba28), 2);
  set_modes(words, identity, settings);
  words.set(80, 0x007e);  // ATA-1 to ATA/ATAPI-6
  // Power management, write cache, look-ahead.
  words.set(82, 0x0068);
  words.set(83, 0x7400);  // FLUSH CACHE (EXT), 48-bit
  words.set(84, 0x4040);  // WRITE DMA FUA EXT
  words.set(85, 0x0008U | (settings.write_cache ? 0x20U : 0U) | (settings.look_ahead ? 0x40U : 0U));
  words.set(86, 0x3400);
  words.set(87, 0x4040);
  words.set(100, identity.sectors, 4);
  if (identity.physical_block > ata::kSectorSize) {
    const auto exponent =
        static_cast<unsigned>(std::bit_width(identity.physical_block / ata::kSectorSize) - 1);
    words.set(106, 0x6000U | std::min(exponent, 15U));
  }
  if (identity.can_trim) {
    words.set(105, kAtaMostTrimBlocks);
    words.set(169, 0x0001);
  }
  words.set(217, 1);  // does not rotate
  return words.sealed();
}

std::array<std::byte, ata::kSectorSize> atapi_identify(const AtaIdentity& identity,
                                                       const AtaSettings& settings) {
  Words words;
  // Packet device, CD-ROM, removable medium, DRQ within 50 us of PACKET, packets of 12 bytes.
  words.set(0, 0x85c0);
  set_names(words, identity, kDriveModel);
  words.set(49, 0x0f00);  // IORDY, LBA, DMA
  words.set(50, 0x4000);
  words.set(53, 0x0006);  // words 64-70 and 88 hold
  set_modes(words, identity, settings);
  words.set(80, 0x007e);  // ATA-1 to ATA/ATAPI-6
  // PACKET, DEVICE RESET, power management.
  words.set(82, 0x0218);
  words.set(83, 0x4000);
  words.set(84, 0x4000);
  words.set(85, 0x0218);
  words.set(87, 0x4000);
  return words.sealed();
}

}  // namespace skiff
