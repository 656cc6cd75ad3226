// One look at a running VM for `skiff top`: what its control API answers, as numbers.
// Thread rule: any thread; no state is kept.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vmm/control/vm_control.h"

namespace skiff {

// All offsets of a device that have the register's name.
struct TopExits {
  std::string reason;     // "port I/O"
  std::string device;     // "-": none
  std::string reg;        // likewise
  std::string direction;  // "read", "write", "-"
  std::uint64_t count = 0;
  std::uint64_t total_ns = 0;
};

struct TopSample {
  std::chrono::nanoseconds at{0};  // of a clock that only goes forward
  VmInfo vm;
  std::vector<TopExits> exits;
  MachineStats stats;
};

// From the bodies of GET /v1/vm, /v1/exits and /v1/stats. Nothing where one is not what it should
// be; members that are missing are 0.
std::optional<TopSample> parse_top_sample(std::chrono::nanoseconds at, std::string_view vm,
                                          std::string_view exits, std::string_view stats);

}  // namespace skiff
