// What a running machine's devices and threads have done so far: plain numbers, each growing from
// the machine's start, for reports, `skiff top` and /metrics.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "vmm/io/device_stats.h"

namespace skiff {

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
