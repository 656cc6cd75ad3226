// A CD-ROM drive on an IDE cable (ATAPI): command packets through the data register, answers and
// blocks back by PIO or by the bus master. The disc is read-only and stays in the drive.
//
// Not modelled: overlap, DEVICE RESET while the drive is busy (a software reset takes it out of
// that), ejecting, audio.
//
// Thread rule: as IdeDrive.
// Source: ATA/ATAPI-6, 8 (PACKET) and 9 (its protocols); see atapi_regs.h.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "devices/ide/atapi_command.h"
#include "devices/ide/ide_drive.h"

namespace skiff {

class AtapiDrive final : public IdeDrive {
 public:
  // `identity.sectors`: what of them is no whole block is not on the disc.
  explicit AtapiDrive(AtaIdentity identity);

  std::uint64_t sectors() const override;
  void power_on() override;
  void reset() override;
  AtaPlan execute(std::uint8_t command) override;
  AtaPlan execute_packet(std::span<const std::byte> packet) override;
  void fail_at(std::uint64_t lba, bool ext, std::uint8_t error, std::uint8_t status = 0) override;
  bool has_status_phase() const override { return in_packet_; }
  void request_data(std::uint32_t bytes) override;
  void complete() override;

 private:
  AtaPlan expect_packet();
  bool execute_setting(std::uint8_t command);
  AtaPlan transfer(const AtapiResult& result);
  void check_condition(const atapi::Sense& sense);
  void start_again();

  const AtaIdentity identity_;
  const AtapiDisc disc_;
  atapi::Sense sense_{};        // of the last packet
  bool reset_pending_ = true;   // nobody has been told of it
  bool in_packet_ = false;      // from PACKET to its status
  bool awaits_packet_ = false;  // the packet itself is to come
  bool by_dma_ = false;
  std::uint32_t byte_limit_ = 0;  // of a DRQ block; 0: the host has not said
  std::array<std::byte, ata::kSectorSize> answer_{};
};

}  // namespace skiff
