// What a running machine's devices and threads have done so far: plain numbers, each growing from
// the machine's start, for reports, `skiff top` and /metrics.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace skiff {

struct QueueStats {
  std::uint16_t index = 0;
  std::uint64_t notifications = 0;  // doorbells that reached the device
  std::uint64_t requests = 0;       // chains taken from the ring
  std::uint64_t interrupts = 0;     // sent for it
};

struct DeviceStats {
  std::string name{};  // "disk0"
  std::string kind{};  // "virtio-blk"
  std::uint64_t guest_faults = 0;
  bool needs_reset = false;  // broken by its driver, and not reset since
  std::vector<QueueStats> queues{};
};

struct ThreadStats {
  std::string name{};           // as the host shows it: "vcpu0", "skiff/io0", "skiff"
  std::uint64_t user_ns = 0;    // processor time in user mode; for a vCPU without its guest's
  std::uint64_t system_ns = 0;  // in the kernel
  std::uint64_t guest_ns = 0;   // in the guest
};

struct MachineStats {
  std::vector<DeviceStats> devices;
  std::vector<ThreadStats> threads;
};

}  // namespace skiff
