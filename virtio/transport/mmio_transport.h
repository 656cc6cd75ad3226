// A virtio device behind the virtio-mmio register layout, version 2.
//
// Modelled: all registers of VIRTIO 1.2, 4.2.2 except QueueReset (0x0c0, RING_RESET is not
// offered); the device configuration space from 0x100 on. Registers take aligned 4-byte accesses
// only, the configuration space 1, 2, 4 and 8 bytes at any offset. There are no shared memory
// regions: their length and base read as all ones. Not modelled: the legacy layout (version 1).
//
// The interrupt is a level: up while InterruptStatus is not zero.
//
//   MmioTransport disk0(block, memory, {}, 0xd000'0000, irq_sink, &doorbells);
//   mmio_bus.add({0xd000'0000, MmioTransport::kSize}, disk0);
//   // ACPI: _HID LNRO0005, the range as memory, the interrupt level, active high, exclusive
//
// Thread rule: any thread (see TransportState). Destroyed after the vCPU threads have ended and
// while the device's executor still runs, or before the device was ever activated.
#pragma once

#include <cstdint>
#include <string_view>

#include "virtio/core/transport_state.h"
#include "virtio/transport/queue_doorbells.h"
#include "virtio/transport/register_row.h"
#include "vmm/io/io_device.h"
#include "vmm/io/irq_line.h"

namespace skiff {

class MmioTransport final : public IoDevice, private TransportLayout {
 public:
  // Bytes of address space. [bytes]
  static constexpr std::uint64_t kSize = 0x200;

  // `base`: guest-physical address of the registers, for the doorbells. `irq` may be null (no
  // interrupt), as may `doorbells` (notifications come through write). All outlive this object.
  // Throws HostError or ConfigError (see TransportState).
  MmioTransport(VirtioDevice& device, const GuestMemory& memory, const TransportOptions& options,
                std::uint64_t base, IrqSink* irq, DoorbellRegistry* doorbells);
  ~MmioTransport() override;

  std::string_view name() const override { return state_.device().name(); }
  IoStatus read(IoAccess access, std::uint64_t& value) override;
  IoStatus write(IoAccess access, std::uint64_t value) override;
  std::string_view register_name(std::uint64_t offset, bool is_write) const override;

  // Resets the device and waits until it is quiet; not on the device's executor.
  void quiesce() { state_.quiesce(); }
  // Guest faults so far.
  std::uint64_t faults() const { return state_.faults().count(); }
  // Any thread.
  DeviceStats stats() const { return state_.stats(); }

 private:
  void open_doorbells(std::span<const ActiveQueue> queues) override;
  void close_doorbells() override;
  void interrupt_queue(std::uint16_t queue) noexcept override;
  void interrupt_config() noexcept override;
  void reset_layout() override;

  std::uint64_t read_register(const RegisterRow& row) const;
  IoStatus write_register(const RegisterRow& row, std::uint32_t value);
  void sync_wire() noexcept;

  IrqLine line_;
  QueueDoorbells doorbells_;
  TransportState state_;  // last: its destructor resets the device, which uses the others
};

}  // namespace skiff
