// One device on an IDE cable as its channel sees it: registers, status, and what each command
// means. It moves no data: a command that is not done at once becomes a plan for the channel.
//
// Thread rule: none of its own; guarded by the channel's mutex.
// Source: ATA/ATAPI-6, 7 to 9 (see ata_regs.h).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "devices/ide/ata_identify.h"
#include "devices/ide/ata_regs.h"
#include "devices/ide/ata_task_file.h"

namespace skiff {

enum class AtaAction : std::uint8_t {
  none,        // done, or refused: the registers say it
  answer,      // AtaPlan::answer, through the data register
  answer_dma,  // the same by the bus master
  packet,      // of a command: the host's, through the data register
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
  std::uint32_t block = ata::kSectorSize;  // of a DRQ block, at most [bytes]
  bool ext = false;                        // 48-bit
  bool fua = false;                        // on stable storage before it is complete
  std::span<const std::byte> answer{};     // the drive's, until its next command; at most 512 bytes
};

class IdeDrive {
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

  IdeDrive() = default;
  virtual ~IdeDrive() = default;
  IdeDrive(const IdeDrive&) = delete;
  IdeDrive& operator=(const IdeDrive&) = delete;

  State& state() { return state_; }
  const State& state() const { return state_; }

  // Where its data ends [ata::kSectorSize].
  virtual std::uint64_t sectors() const = 0;

  // After power-on, and after a software reset or EXECUTE DEVICE DIAGNOSTIC (9.12, table 26).
  virtual void power_on() = 0;
  virtual void reset() = 0;

  // A write of the Command register while it is not busy. A refused command, and one that needs
  // nobody else, has its status and interrupt when this returns.
  virtual AtaPlan execute(std::uint8_t command) = 0;
  // What AtaAction::packet has brought; as execute.
  virtual AtaPlan execute_packet(std::span<const std::byte> packet);
  // Data that the disk has not given or taken, at this address.
  virtual void fail_at(std::uint64_t lba, bool ext, std::uint8_t error,
                       std::uint8_t status = 0) = 0;

  // Whether a transfer to the host ends with a phase, and an interrupt, of its own.
  virtual bool has_status_phase() const { return false; }
  // DRQ for so many bytes, or for DMA (0).
  virtual void request_data(std::uint32_t bytes);
  // With an interrupt.
  virtual void complete();
  void busy() { state_.status = ata::kBsy | ata::kDrdy | ata::kDsc; }
  // No data to come, no interrupt.
  void ready() { state_.status = ata::kDrdy | ata::kDsc; }
  void fail(std::uint8_t error, std::uint8_t status = 0);

 protected:
  // SET FEATURES 03h (table 45): false where there is no such mode.
  bool set_transfer_mode(std::uint8_t mode);
  // The power commands that have no effect but their answer.
  bool set_power_mode(std::uint8_t command);
  // What a device says of itself after a reset (9.12).
  void set_signature(std::uint8_t lba_mid, std::uint8_t lba_high);

  State state_;
};

}  // namespace skiff
