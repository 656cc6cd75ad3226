// A virtio device as a PCI function, modern layout only (a non-transitional device).
//
// Modelled: VIRTIO 1.2, 4.1: vendor capabilities for the common configuration, notifications, ISR
// status, device configuration, and the PCI configuration access window; MSI-X with one vector for
// configuration changes and one per queue; INTx with the ISR where MSI-X is off; BARs that move.
// Common fields take aligned accesses of their own width, the 64-bit ones also as two halves; the
// device configuration 1, 2, 4 and 8 bytes at any offset. Not modelled: the legacy layout,
// queue_notify_data and queue_reset (their features are not offered), shared memory.
//
//   BAR 0, 32-bit memory, 16 KiB     0x0000 common configuration      0x1000 ISR status
//                                    0x2000 device configuration      0x3000 + 4 * queue: notify
//   BAR 1, 32-bit memory             MSI-X table and pending bits
//
// 32-bit BARs, because they cost nothing on a bus without bridges and small guests that map or
// address only the low 4 GiB reach them; not prefetchable, because reading the ISR clears it.
//
//   PciTransport disk0(block, memory, {}, msi_sink, &doorbells);
//   bus.add(disk0);                      // then, with all functions there: bus.assign_bars()
//
// A status write of 0 through the configuration access window cannot wait for the device as one
// through the BAR does: the driver reads the status until it is 0 (2.4.2, 4.1.4.3.2).
//
// Thread rule: any thread (see TransportState, PciFunction). Destroyed before its bus, after the
// vCPU threads have ended and while the device's executor still runs, or before the device was ever
// activated.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "devices/pci/pci_function.h"
#include "virtio/core/transport_state.h"
#include "virtio/transport/queue_doorbells.h"
#include "virtio/transport/register_row.h"
#include "vmm/io/io_device.h"
#include "vmm/io/msi.h"

namespace skiff {

class PciTransport final : public PciFunction, private TransportLayout {
 public:
  // `doorbells` may be null: notifications come through the BAR's writes. All outlive this object.
  // Throws HostError or ConfigError (see TransportState).
  PciTransport(VirtioDevice& device, const GuestMemory& memory, const TransportOptions& options,
               MsiSink& msi, DoorbellRegistry* doorbells);
  ~PciTransport() override;

  // Resets the device and waits until it is quiet; not on the device's executor.
  void quiesce() { state_.quiesce(); }
  // Guest faults so far, without those of the MSI-X table.
  std::uint64_t faults() const { return state_.faults().count(); }
  // Any thread.
  DeviceStats stats() const { return state_.stats(); }

  void on_bar_moved(unsigned bar, std::optional<std::uint64_t> address) override;

 private:
  // What BAR 0 shows.
  class Registers final : public IoDevice {
   public:
    explicit Registers(PciTransport& owner) : owner_(owner) {}
    std::string_view name() const override { return owner_.name(); }
    IoStatus read(IoAccess access, std::uint64_t& value) override;
    IoStatus write(IoAccess access, std::uint64_t value) override;
    std::string_view register_name(std::uint64_t offset, bool is_write) const override;

   private:
    PciTransport& owner_;
  };
  // What the configuration access window points at.
  struct Window {
    IoDevice* device = nullptr;
    IoAccess access{};
  };

  void open_doorbells(std::span<const ActiveQueue> queues) override;
  void close_doorbells() override;
  void interrupt_queue(std::uint16_t queue) noexcept override;
  void interrupt_config() noexcept override;
  void reset_layout() override;

  void on_config_write(unsigned offset, unsigned width) override;
  void before_config_read(unsigned offset, unsigned width) override;
  void on_reset() override;

  void add_capabilities();
  std::optional<Window> window();
  bool touches_window(unsigned offset, unsigned width) const;
  IoStatus read_bar(IoAccess access, std::uint64_t& value);
  IoStatus write_bar(IoAccess access, std::uint64_t value);
  IoStatus write_notify(IoAccess access);
  std::uint64_t read_common(const RegisterRow& row);
  IoStatus write_common(const RegisterRow& row, std::uint64_t value);
  // The selected queue's vector register; null where that queue is not there.
  std::atomic<std::uint16_t>* selected_vector();
  std::uint16_t usable_vector(std::uint64_t value);
  void sync_wire() noexcept;

  Registers registers_;
  QueueDoorbells doorbells_;
  unsigned window_capability_ = 0;            // const after construction
  std::atomic<std::uint16_t> config_vector_;  // MSI-X vectors, or kNoVector
  std::vector<std::atomic<std::uint16_t>> queue_vectors_;
  TransportState state_;  // last: its destructor resets the device, which uses the others
};

}  // namespace skiff
