// What a device with queues has done so far: plain numbers, each growing from the machine's start,
// through resets of the device.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace skiff {

struct QueueStats {
  std::uint16_t index = 0;
  // Times the device was woken for it; doorbells that come before it looks count once.
  std::uint64_t notifications = 0;
  std::uint64_t requests = 0;    // chains taken from the ring
  std::uint64_t interrupts = 0;  // sent for it
};

struct DeviceStats {
  std::string name{};              // "disk0"
  std::string kind{};              // "virtio-blk"
  std::uint64_t guest_faults = 0;  // things its driver did wrong
  bool needs_reset = false;        // broken by its driver, and not reset since
  std::vector<QueueStats> queues{};
};

}  // namespace skiff
