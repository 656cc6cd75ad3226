// An ATA disk: its settings, and what each command means.
//
// Thread rule: as IdeDrive.
// Source: ATA/ATAPI-6, 8 and 9 (see ata_regs.h).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "devices/ide/ide_drive.h"

namespace skiff {

class AtaDrive final : public IdeDrive {
 public:
  AtaDrive(AtaIdentity identity, bool read_only);

  std::uint64_t sectors() const override { return identity_.sectors; }
  void power_on() override;
  void reset() override;
  AtaPlan execute(std::uint8_t command) override;
  void fail_at(std::uint64_t lba, bool ext, std::uint8_t error, std::uint8_t status = 0) override;

 private:
  AtaPlan plan(AtaAction action, bool ext, std::uint32_t block_sectors = 1, bool fua = false);
  AtaPlan multiple(AtaAction action, bool ext, bool fua = false);
  AtaPlan trim();
  std::optional<AtaPlan> transfer(std::uint8_t command);
  bool execute_setting(std::uint8_t command);
  bool set_feature();

  const AtaIdentity identity_;
  const bool read_only_;
  std::array<std::byte, ata::kSectorSize> answer_{};
};

}  // namespace skiff
