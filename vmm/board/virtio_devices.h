// The configured devices of one board: a virtio device gets a transport (a PCI function, or a
// virtio-mmio register block) and its place on a bus, an emulated one places itself. Knows no
// architecture: what a board has to give comes as DevicePlaces.
//
// Nothing that costs time happens before a driver is there: doorbells are attached when it
// activates a device, interrupt routes are made when it gives a vector its message.
//
// Thread rule: created and destroyed by the machine's thread while no vCPU runs; infos and change
// are called on it. The destructor
// resets each device and waits for it, so the I/O threads still run then.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "devices/pci/pci_bus.h"
#include "vmm/board/device_table.h"
#include "vmm/io/device_change.h"
#include "vmm/io/device_stats.h"
#include "vmm/io/doorbell.h"
#include "vmm/io/guest_memory.h"
#include "vmm/io/hw_description.h"
#include "vmm/io/io_bus.h"
#include "vmm/io/irq_line.h"
#include "vmm/io/msi.h"

namespace skiff {

// Where a virtio-mmio device goes.
struct MmioPlace {
  Range registers;
  HwInterrupt interrupt;
  IrqSink* wire = nullptr;
};

// What a board gives to its configured devices; all of it outlives them.
class DevicePlaces {
 public:
  virtual ~DevicePlaces() = default;
  virtual const GuestMemory& memory() = 0;
  virtual DoorbellRegistry& doorbells() = 0;
  virtual MsiSink& msi() = 0;
  virtual PciBus& pci() = 0;
  virtual IoBus& mmio() = 0;
  virtual IoBus& ports() = 0;
  // The wire of an old fixed interrupt line, such as 14 for the first IDE channel: one that
  // the device has named in fixed_irqs(). Throws ConfigError where the board has no such line.
  virtual IrqSink& fixed_irq(std::uint32_t line) = 0;
  // The next free one. Throws ConfigError where there is none.
  virtual MmioPlace next_mmio_place() = 0;
  // The driver of this device broke it: it needs a reset. Any thread, again and again; no lock is
  // held. Must not block.
  virtual void on_needs_reset(std::string_view device) noexcept = 0;
};

class VirtioDevices {
 public:
  // PCI functions take the free slots in the order of `devices`. Throws ConfigError or HostError.
  VirtioDevices(std::vector<ConfiguredDevice> devices, DevicePlaces& places);
  ~VirtioDevices();
  VirtioDevices(const VirtioDevices&) = delete;
  VirtioDevices& operator=(const VirtioDevices&) = delete;

  // The virtio-mmio ones, as firmware describes them.
  const std::vector<HwDescription>& descriptions() const { return descriptions_; }
  // The same as Linux takes it on its command line (Documentation/admin-guide/kernel-parameters,
  // virtio_mmio.device=); empty without any.
  std::string mmio_cmdline() const;
  // Where functions answer without a BAR.
  std::vector<Range> fixed_ports() const;
  // In the order in which they were placed.
  std::vector<DeviceStats> stats() const;  // any thread
  std::vector<DeviceInfo> infos() const;
  ControlResult<DeviceInfo> change(std::string_view name, const DeviceChange& change);
  // Whose input is the person's terminal; null: no device's.
  CharacterDevice* terminal() const { return terminal_; }
  // In the order of the devices, and of the ports of each.
  const std::vector<CharacterDevice*>& character_devices() const { return character_devices_; }

 private:
  struct Placed;
  static DeviceInfo info_of(const Placed& placed);

  void place_on_mmio(Placed& placed, const VirtioConfig& virtio, DevicePlaces& places);

  std::vector<std::unique_ptr<Placed>> placed_;
  std::vector<HwDescription> descriptions_;
  CharacterDevice* terminal_ = nullptr;
  std::vector<CharacterDevice*> character_devices_;
};

}  // namespace skiff
