// A planned virtual machine as text: its configuration for `skiff run`, its guest's command line.
// Pure.
#pragma once

#include <string>

#include "vmm/bench/matrix.h"

namespace skiff::bench {

struct VmPlaces {
  std::string guests;      // folder of the guest programs
  std::string image{};     // what the disk back-end "file" uses
  bool is_direct = false;  // the image's file system takes O_DIRECT
  int tap = -1;            // an open tap's descriptor, for network cards
};

// The disk's and so the image's size.
inline constexpr std::uint64_t kDiskSize = 256ULL << 20;
inline constexpr std::uint64_t kGuestMemory = 128ULL << 20;

// TOML (docs/config.md).
std::string config_text(const VmPlan& plan, const VmPlaces& places, const std::string& cmdline);
// With `hold`: it waits for the runner at each cell.
std::string guest_cmdline(const VmPlan& plan);

}  // namespace skiff::bench
