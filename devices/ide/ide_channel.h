// One channel of an IDE controller: the cable with up to two drives, its registers at the fixed
// ports, its bus master and its interrupt wire.
//
//   command written -> AtaDrive::execute -> done at once, or a Transfer:
//     pio_in    [job: read up to 64 KiB -> DRQ blocks to the host]...         (INTRQ before each)
//     pio_out   [DRQ blocks from the host -> job: write up to 64 KiB]...      (INTRQ after each)
//     dma       [regions of the PRD table -> job with guest memory as its buffers]...  INTRQ
//
// A job runs on the drive's I/O thread; meanwhile the drive says BSY, and its registers take
// nothing but a reset. A reset while a job runs is complete (BSY goes) when the job is: no write is
// torn, no memory is touched afterwards. The same goes for stopping the bus master: that write
// waits, as on a slow bus, until the buffers are the guest's again.
//
// Thread rule: registers from any thread, on_job_done on the drive's I/O thread; all state is
// guarded by mutex_, but for the buffer and the iovecs while a job runs: the job has them.
// Source: ATA/ATAPI-6, 9 (protocols); see ata_regs.h and bus_master_regs.h.
#pragma once

#include <sys/uio.h>

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "devices/ide/ata_media.h"
#include "devices/ide/bus_master.h"
#include "devices/ide/ide_drive.h"
#include "vmm/base/mutex.h"
#include "vmm/io/guest_memory.h"
#include "vmm/io/io_device.h"
#include "vmm/io/irq_line.h"

namespace skiff {

class IdeChannel final : private AtaMediaClient {
 public:
  static constexpr std::size_t kMostDrives = 2;
  static constexpr std::uint32_t kBufferSectors = 128;
  static constexpr std::size_t kMostRegions = 256;  // in one job

  struct DriveConfig {
    AtaMedia* media = nullptr;  // outlives the channel
    std::string serial{};
    bool is_cdrom = false;  // an ATAPI drive; the disk is its medium
  };
  struct Counts {
    std::uint64_t commands = 0;
    std::uint64_t interrupts = 0;
  };

  // `name`: "ide0". `may_master`: the function's bus master bit. `irq` may be null.
  IdeChannel(std::string name, const std::vector<DriveConfig>& drives, const GuestMemory& memory,
             IrqSink* irq, std::function<bool()> may_master);
  ~IdeChannel() override;
  IdeChannel(const IdeChannel&) = delete;
  IdeChannel& operator=(const IdeChannel&) = delete;

  IoDevice& command_block() { return command_block_; }
  IoDevice& control_block() { return control_block_; }

  // The bus master's eight bytes; a byte range inside them.
  IoStatus read_bus_master(IoAccess access, std::uint64_t& value) SKIFF_EXCLUDES(mutex_);
  IoStatus write_bus_master(IoAccess access, std::uint64_t value) SKIFF_EXCLUDES(mutex_);

  // IDETIM's decode bit: without it nobody answers at the fixed ports.
  void set_decoded(bool decoded) { decoded_.store(decoded); }
  // RESET-, and the bus master's registers.
  void hardware_reset() SKIFF_EXCLUDES(mutex_);
  // The end: waits for a job under way; none starts any more. No vCPU runs.
  void shut_down() SKIFF_EXCLUDES(mutex_);

  Counts counts(std::size_t drive) const;  // any thread

 private:
  class CommandBlock final : public IoDevice {
   public:
    explicit CommandBlock(IdeChannel& channel) : channel_(channel) {}
    std::string_view name() const override { return channel_.name_; }
    IoStatus read(IoAccess access, std::uint64_t& value) override;
    IoStatus write(IoAccess access, std::uint64_t value) override;
    IoStatus read_string(IoAccess access, std::span<std::byte> data, std::size_t& done) override;
    IoStatus write_string(IoAccess access, std::span<const std::byte> data,
                          std::size_t& done) override;
    std::string_view register_name(std::uint64_t offset, bool is_write) const override;

   private:
    IdeChannel& channel_;
  };
  class ControlBlock final : public IoDevice {
   public:
    explicit ControlBlock(IdeChannel& channel) : channel_(channel) {}
    std::string_view name() const override { return channel_.name_; }
    IoStatus read(IoAccess access, std::uint64_t& value) override;
    IoStatus write(IoAccess access, std::uint64_t value) override;
    std::string_view register_name(std::uint64_t offset, bool is_write) const override;

   private:
    IdeChannel& channel_;
  };

  enum class Reset : std::uint8_t { none, software, hardware };

  // Of the drive's command under way; AtaAction::none: there is none.
  struct Transfer {
    AtaAction action = AtaAction::none;
    std::size_t drive = 0;
    std::uint64_t lba = 0;      // of the next job
    std::uint32_t sectors = 0;  // that no job has done yet
    std::uint32_t block = 0;    // of a DRQ block, at most [bytes]
    bool ext = false;
    bool fua = false;
    std::uint32_t job_sectors = 0;
    // PIO, answers, packets, TRIM's ranges: of the buffer. [bytes]
    std::uint32_t position = 0;
    std::uint32_t block_end = 0;
    std::uint32_t filled = 0;  // or to be filled
  };
  struct Drive {
    AtaMedia* media = nullptr;
    std::unique_ptr<IdeDrive> ata;
  };
  struct Counters {
    std::atomic<std::uint64_t> commands{0};
    std::atomic<std::uint64_t> interrupts{0};
  };
  // What is done once the mutex is free.
  struct Act {
    AtaMedia* media = nullptr;  // starts this
    AtaJob job{};
  };

  // ide_registers.cc and ide_channel.cc: registers, resets.
  IoStatus read_command_block(IoAccess access, std::uint64_t& value);
  IoStatus write_command_block(IoAccess access, std::uint64_t value);
  std::uint8_t read_register(std::uint64_t offset) SKIFF_REQUIRES(mutex_);
  void write_register(std::uint64_t offset, std::uint8_t value) SKIFF_REQUIRES(mutex_);
  std::uint8_t status() const SKIFF_REQUIRES(mutex_);
  void write_control(std::uint8_t value) SKIFF_REQUIRES(mutex_);
  void write_command(std::uint8_t command) SKIFF_REQUIRES(mutex_);
  void reset_drives() SKIFF_REQUIRES(mutex_);
  bool is_in_reset() const SKIFF_REQUIRES(mutex_);
  Drive* selected() SKIFF_REQUIRES(mutex_);
  const Drive* selected() const SKIFF_REQUIRES(mutex_);
  bool intrq() const SKIFF_REQUIRES(mutex_);
  Act settle() SKIFF_REQUIRES(mutex_);
  void act(const Act& todo) SKIFF_EXCLUDES(mutex_);

  // ide_transfer.cc: data.
  void begin(const AtaPlan& plan) SKIFF_REQUIRES(mutex_);
  void take_data(std::span<std::byte> out) SKIFF_REQUIRES(mutex_);
  void give_data(std::span<const std::byte> in) SKIFF_REQUIRES(mutex_);
  void end_in_block() SKIFF_REQUIRES(mutex_);
  void end_out_block() SKIFF_REQUIRES(mutex_);
  void offer_block(bool interrupt) SKIFF_REQUIRES(mutex_);
  void expect_chunk(bool interrupt) SKIFF_REQUIRES(mutex_);
  void answer(std::span<const std::byte> bytes) SKIFF_REQUIRES(mutex_);
  void answer_by_dma(const BusMaster::Gathered& gathered) SKIFF_REQUIRES(mutex_);
  bool moves_data(AtaAction action) const SKIFF_REQUIRES(mutex_);
  bool is_dma() const SKIFF_REQUIRES(mutex_);
  void go_on_dma() SKIFF_REQUIRES(mutex_);
  void take_trim_ranges(const BusMaster::Gathered& gathered) SKIFF_REQUIRES(mutex_);
  void discard_next() SKIFF_REQUIRES(mutex_);
  void buffer_job(DiskOperation operation) SKIFF_REQUIRES(mutex_);
  void start_job(const AtaJob& job) SKIFF_REQUIRES(mutex_);
  void job_done(int error) SKIFF_REQUIRES(mutex_);
  void finish() SKIFF_REQUIRES(mutex_);
  Drive& transferring() SKIFF_REQUIRES(mutex_) { return *drives_[transfer_.drive]; }
  void on_job_done(int error) noexcept override;

  const std::string name_;
  const GuestMemory& memory_;
  const std::function<bool()> may_master_;
  CommandBlock command_block_{*this};
  ControlBlock control_block_{*this};
  std::atomic<bool> decoded_{true};
  std::array<Counters, kMostDrives> counters_;

  mutable Mutex mutex_;
  std::array<std::optional<Drive>, kMostDrives> drives_ SKIFF_GUARDED_BY(mutex_);
  std::size_t selected_ SKIFF_GUARDED_BY(mutex_) = 0;
  std::uint8_t control_ SKIFF_GUARDED_BY(mutex_) = 0;
  Transfer transfer_ SKIFF_GUARDED_BY(mutex_){};
  BusMaster bus_master_ SKIFF_GUARDED_BY(mutex_){};
  bool stop_wanted_ SKIFF_GUARDED_BY(mutex_) = false;  // of the bus master, by a write that waits
  bool in_flight_ SKIFF_GUARDED_BY(mutex_) = false;    // a job, from its decision to its end
  Reset reset_pending_ SKIFF_GUARDED_BY(mutex_) = Reset::none;
  bool was_intrq_ SKIFF_GUARDED_BY(mutex_) = false;
  bool is_closing_ SKIFF_GUARDED_BY(mutex_) = false;
  Act next_act_ SKIFF_GUARDED_BY(mutex_){};
  const std::unique_ptr<std::byte[]> buffer_;
  std::array<iovec, kMostRegions> regions_{};
  IrqLine irq_;
};

}  // namespace skiff
