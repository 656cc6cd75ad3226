// An Intel 82540EM gigabit Ethernet card as a PCI function, over a network back-end.
//
// Modelled: the registers that docs/e1000.md lists, legacy and extended transmit descriptors with
// checksums and TCP segmentation, receive descriptors over several buffers, address and VLAN
// filters, tags put in and taken out, receive checksums, interrupt delays and moderation, EEPROM,
// PHY with auto-negotiation, statistics. Not modelled: flash, wake-up, manageability, flow control,
// loopback, LEDs, diagnostics, MSI.
//
//   BAR 0, 32-bit memory, 128 KiB     registers
//   BAR 2, I/O, 64 bytes              IOADDR, IODATA
//
// INTx: the card has no MSI-X.
//
// Doorbells (TDT, RDT) are plain writes: an ioeventfd tells that something was written, not what.
// They wake the I/O thread only if it sleeps. A write that disables a queue, or resets, is over
// when the I/O thread touches the driver's memory no more; until then the access is `busy`.
//
// Configuration: [[net]] face = "e1000"
//
// Thread rule: registers from any thread. Created and destroyed by the machine's thread; destroyed
// before its bus, after the vCPU threads have ended, and while the executor still runs its loop or
// on its thread. set_link, link, set_limits, stats from any thread.
// Source: PCI/PCI-X Family of Gigabit Ethernet Controllers Software Developer's Manual
// (317453-006).
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string_view>

#include "devices/e1000/e1000_doorbells.h"
#include "devices/e1000/e1000_interrupts.h"
#include "devices/e1000/e1000_registers.h"
#include "devices/e1000/e1000_service.h"
#include "devices/e1000/e1000_statistics.h"
#include "devices/pci/pci_function.h"
#include "vmm/base/mutex.h"
#include "vmm/io/device_stats.h"

namespace skiff {

class E1000Controller final : public PciFunction, private E1000Port {
 public:
  // All outlive this object. Throws ConfigError for an address that is no card's, HostError where
  // descriptors run out.
  E1000Controller(std::unique_ptr<NetBackend> backend, Executor& executor, const Clock& clock,
                  const GuestMemory& memory, const E1000Options& options);
  ~E1000Controller() override;

  // Pulls the cable, or puts it back.
  void set_link(bool up);
  bool link() const { return cable_.load(); }
  void set_limits(const NetLimits& limits) { service_->set_limits(limits); }
  DeviceStats stats() const;

 private:
  // What BAR 0 shows.
  class Memory final : public IoDevice {
   public:
    explicit Memory(E1000Controller& owner) : owner_(owner) {}
    std::string_view name() const override { return owner_.name(); }
    IoStatus read(IoAccess access, std::uint64_t& value) override;
    IoStatus write(IoAccess access, std::uint64_t value) override;
    std::string_view register_name(std::uint64_t offset, bool is_write) const override;
    std::uint64_t ledger_offset(std::uint64_t offset) const override;

   private:
    E1000Controller& owner_;
  };
  // What BAR 2 shows.
  class Ports final : public IoDevice {
   public:
    explicit Ports(E1000Controller& owner) : owner_(owner) {}
    std::string_view name() const override { return owner_.name(); }
    IoStatus read(IoAccess access, std::uint64_t& value) override;
    IoStatus write(IoAccess access, std::uint64_t value) override;
    std::string_view register_name(std::uint64_t offset, bool is_write) const override;

   private:
    E1000Controller& owner_;
    std::atomic<std::uint32_t> address_{0};
  };

  bool may_master() override { return bus_master(); }
  std::uint32_t copy_settings(E1000Config& config) override SKIFF_EXCLUDES(mutex_);
  void settle_wire() noexcept override;
  void on_peer_lost() override;
  void on_reset() override;

  std::uint32_t read_register(std::uint32_t offset) SKIFF_EXCLUDES(mutex_);
  IoStatus write_register(std::uint32_t offset, std::uint32_t value) SKIFF_EXCLUDES(mutex_);
  IoStatus write_settings(std::uint32_t offset, std::uint32_t value) SKIFF_EXCLUDES(mutex_);
  bool write_interrupts(std::uint32_t offset, std::uint32_t value);
  bool write_ring(std::uint32_t offset, std::uint32_t value);
  void apply_cable() SKIFF_EXCLUDES(mutex_);

  Memory memory_bar_;
  Ports ports_bar_;
  E1000Doorbells doorbells_;
  E1000Statistics statistics_;
  E1000Interrupts interrupts_;
  std::atomic<bool> cable_;       // nobody pulled it
  std::atomic<bool> peer_{true};  // the back-end lives

  mutable Mutex mutex_;
  E1000Registers registers_ SKIFF_GUARDED_BY(mutex_);

  const std::shared_ptr<E1000Service> service_;
};

}  // namespace skiff
