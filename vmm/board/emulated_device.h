// A configured device that a guest meets as hardware that exists, not as virtio: it brings a PCI
// function (or several registers) of its own and stands on the same back-ends.
//
// Thread rule: created, placed and destroyed by the machine's thread while no vCPU runs; stats from
// any thread. It may use I/O threads until it is destroyed, and the places for all its life.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "vmm/base/range.h"
#include "vmm/io/device_stats.h"

namespace skiff {

class DevicePlaces;

class EmulatedDevice {
 public:
  virtual ~EmulatedDevice() = default;

  virtual std::string_view name() const = 0;  // "disk0"
  virtual std::string_view kind() const = 0;  // "disk", "net"
  virtual std::string_view face() const = 0;  // as in the configuration: "nvme"
  // The fixed interrupt lines that it asks its places for; no other device gets them.
  virtual std::span<const std::uint32_t> fixed_irqs() const { return {}; }
  // What the host bridge passes on for a function that answers without a BAR, for firmware to tell.
  virtual std::span<const Range> fixed_ports() const { return {}; }
  // Called once: makes its function and plugs it into places.pci(), whose BARs are assigned
  // afterwards. Throws ConfigError or HostError.
  virtual void place(DevicePlaces& places) = 0;
  // What its queues have done; an IDE channel counts as one.
  virtual DeviceStats stats() const = 0;
};

}  // namespace skiff
