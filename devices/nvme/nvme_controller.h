// An NVMe controller with one namespace, as a PCI function.
//
// Modelled (NVM Express 1.4): all registers up to ACQ, doorbells; enable, reset and shutdown;
// admin and NVM command sets as docs/nvme.md lists them; PRPs; MSI-X with a vector for each
// completion queue, INTx with INTMS and INTMC; doorbell buffers (annex B.5). Not modelled: SGLs,
// metadata, controller memory buffer, subsystem reset, weighted arbitration, namespace management,
// firmware, sanitize, reservations.
//
//   BAR 0, 32-bit memory, 8 KiB     registers; doorbells from 0x1000 on
//   BAR 4, 32-bit memory            MSI-X table and pending bits
//
// A 32-bit BAR, so that small guests reach it; BAR 1 is left free, where its upper half would be.
//
// Life: what CC asks for and what the service on the I/O thread does are brought together one step
// at a time; the driver sees in CSTS how far that is. No access waits.
//
//              EN = 1              started
//   [disabled] ------> [starting] --------> [ready] <- CSTS.RDY      [failed] <- CSTS.CFS
//       ^                  |  queues that cannot be -------------------^  |
//       |  nothing in flight                    | EN = 0                  | EN = 0
//       +------------------------- [stopping] <-+-------------------------+
//
// Configuration: [[disk]] face = "nvme"
//
// Thread rule: registers from any thread. Created and destroyed by the machine's thread; destroyed
// before its bus, after the vCPU threads have ended, and while the executor still runs its loop or
// on its thread. resize, set_limits, stats and report functions from any thread.
// Source: NVM Express 1.4, 3.1, 7.3 (reset), 7.6 (enable, shutdown).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "devices/nvme/nvme_doorbells.h"
#include "devices/nvme/nvme_service.h"
#include "devices/pci/pci_function.h"
#include "vmm/io/device_stats.h"
#include "vmm/io/doorbell.h"

namespace skiff {

class NvmeController final : public PciFunction, private NvmePort {
 public:
  // `doorbells`: for doorbell buffers; may be null. All outlive this object. Throws HostError where
  // descriptors run out.
  NvmeController(std::unique_ptr<DiskBackend> disk, Executor& executor, const Clock& clock,
                 const GuestMemory& memory, MsiSink& msi, DoorbellRegistry* doorbells,
                 const NvmeOptions& options);
  ~NvmeController() override;

  // The file behind it may have grown or shrunk: looks, and tells the driver.
  void resize();
  std::uint64_t capacity() const;  // [bytes]
  void set_limits(const RateLimit& operations, const RateLimit& bandwidth);
  const char* engine() const noexcept;  // "none" before it was first enabled
  DeviceStats stats() const;

  void on_bar_moved(unsigned bar, std::optional<std::uint64_t> address) override;

 private:
  enum class Phase : std::uint8_t { disabled, starting, ready, failed, stopping };
  struct State {
    std::uint32_t cc = 0;
    std::uint32_t csts = 0;
    std::uint32_t mask = 0;  // INTMS and INTMC
    NvmeAdminQueues admin;
    Phase phase = Phase::disabled;
  };
  // What BAR 0 shows.
  class Registers final : public IoDevice {
   public:
    explicit Registers(NvmeController& owner) : owner_(owner) {}
    std::string_view name() const override { return owner_.name(); }
    IoStatus read(IoAccess access, std::uint64_t& value) override;
    IoStatus write(IoAccess access, std::uint64_t value) override;
    std::string_view register_name(std::uint64_t offset, bool is_write) const override;

   private:
    NvmeController& owner_;
  };

  void interrupt(std::uint16_t vector) noexcept override;
  bool uses_wire() noexcept override { return !msix()->enabled(); }
  void settle_wire() noexcept override;
  void open_doorbell(std::uint16_t queue) override;
  void close_doorbell(std::uint16_t queue) override;
  void on_reset() override;

  IoStatus read_bar(IoAccess access, std::uint64_t& value) SKIFF_EXCLUDES(mutex_);
  IoStatus write_bar(IoAccess access, std::uint64_t value);
  IoStatus write_doorbell(IoAccess access, std::uint64_t value);
  void write_register(std::uint64_t offset, std::uint32_t value) SKIFF_EXCLUDES(mutex_);
  void write_cc(std::uint32_t value) SKIFF_REQUIRES(mutex_);
  std::uint32_t read_register(std::uint64_t offset) const SKIFF_EXCLUDES(mutex_);
  static bool is_possible(const State& state);
  void pursue() SKIFF_EXCLUDES(mutex_);
  void post(void (NvmeController::*step)());
  void start_service();
  void stop_service();
  void notify_shutdown();
  void arrive(Phase phase, std::uint32_t csts) SKIFF_EXCLUDES(mutex_);
  bool wire_level() SKIFF_EXCLUDES(mutex_);
  void attach(std::uint16_t queue) SKIFF_REQUIRES(doorbell_mutex_);

  Registers registers_;
  NvmeDoorbells doorbells_;
  DoorbellRegistry* const registry_;
  const std::shared_ptr<NvmeService> service_;

  mutable Mutex mutex_;
  State state_ SKIFF_GUARDED_BY(mutex_);

  // Held while the registry is asked, so that of a queue's end and a BAR's move the last one wins.
  Mutex doorbell_mutex_;
  std::optional<std::uint64_t> base_ SKIFF_GUARDED_BY(doorbell_mutex_);
  std::vector<std::uint16_t> open_ SKIFF_GUARDED_BY(doorbell_mutex_);
  std::vector<std::unique_ptr<Doorbell>> attached_ SKIFF_GUARDED_BY(doorbell_mutex_);  // by queue
};

}  // namespace skiff
