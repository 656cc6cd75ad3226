// One ATA disk as its channel sees it: registers, settings, and what each command means. It moves
// no data: a command that is not done at once becomes a plan for the channel.
//
// Thread rule: none of its own; guarded by the channel's mutex.
// Source: ATA/ATAPI-6, 8 and 9 (see ata_regs.h).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "devices/ide/ata_identify.h"
#include "devices/ide/ata_regs.h"
#include "devices/ide/ata_task_file.h"

namespace skiff {

enum class AtaAction : std::uint8_t {
  none,  // done, or refused: the registers say it
  identify,
  pio_in,
  pio_out,
  dma_in,
  dma_out,
  verify,  // read, and given to nobody
  flush,
  trim,        // DMA of ranges, then a discard for each
  diagnostic,  // of both drives
};

struct AtaPlan {
  AtaAction action = AtaAction::none;
  AtaRange range{};
  std::uint32_t block_sectors = 1;  // of a DRQ block
  bool ext = false;                 // 48-bit
  bool fua = false;                 // on stable storage before it is complete
};

class AtaDrive {
 public:
  struct State {
    AtaTaskFile task{};
    std::uint8_t status = 0;
    std::uint8_t error = 0;
    bool interrupt = false;  // pending: INTRQ, where it is selected and allowed to
    bool standby = false;
    bool keeps_settings = false;  // through a software reset
    AtaSettings settings{};
    friend bool operator==(const State&, const State&) = default;
  };

  AtaDrive(AtaIdentity identity, bool read_only);

  const AtaIdentity& identity() const { return identity_; }
  State& state() { return state_; }
  const State& state() const { return state_; }

  // After power-on, and after a software reset or EXECUTE DEVICE DIAGNOSTIC (9.12, table 26).
  void power_on();
  void reset();

  // A write of the Command register while it is not busy. A refused command, and one that needs
  // nobody else, has its status and interrupt when this returns.
  AtaPlan execute(std::uint8_t command);
  std::array<std::byte, ata::kSectorSize> identify() const {
    return ata_identify(identity_, state_.settings);
  }

  void busy() { state_.status = ata::kBsy | ata::kDrdy | ata::kDsc; }
  void request_data() { state_.status = ata::kDrdy | ata::kDsc | ata::kDrq; }
  // No data to come, no interrupt: the end of a read whose data the host has taken.
  void ready() { state_.status = ata::kDrdy | ata::kDsc; }
  void complete() {
    ready();
    state_.interrupt = true;
  }
  void fail(std::uint8_t error, std::uint8_t status = 0);
  void fail_at(std::uint64_t lba, bool ext, std::uint8_t error, std::uint8_t status = 0);

 private:
  AtaPlan plan(AtaAction action, bool ext, std::uint32_t block_sectors = 1, bool fua = false);
  AtaPlan multiple(AtaAction action, bool ext, bool fua = false);
  AtaPlan trim();
  std::optional<AtaPlan> transfer(std::uint8_t command);
  bool execute_setting(std::uint8_t command);
  bool set_feature();
  bool set_transfer_mode(std::uint8_t mode);
  void set_signature();

  const AtaIdentity identity_;
  const bool read_only_;
  State state_;
};

}  // namespace skiff
