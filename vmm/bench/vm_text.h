// A planned virtual machine as text: its configuration for `skiff run`, its guest's command line.
// Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "vmm/bench/matrix.h"

namespace skiff::bench {

struct VmPlaces {
  std::string guests;    // folder of the guest programs
  std::string kernel{};  // of a plan that runs Linux, and its initramfs
  std::string initramfs{};
  std::string image{};     // what the disk back-end "file" uses
  bool is_direct = false;  // the image's file system takes O_DIRECT
  int tap = -1;            // an open tap's descriptor, for network cards
  bool coalesces = false;  // KVM collects writes
  std::string config{};    // where a monitor that reads its configuration finds it
};

// The disk's and so the image's size.
inline constexpr std::uint64_t kDiskSize = 256ULL << 20;
// What the tap is called in its namespace, and the address of the card of a monitor that is told
// one (IEEE 802: locally administered).
inline constexpr std::string_view kTapName = "bench";
inline constexpr std::string_view kRivalMac = "02:53:4b:46:00:02";
inline constexpr std::uint64_t kGuestMemory = 128ULL << 20;
// An initramfs with fio and its libraries takes some 50 MiB unpacked.
inline constexpr std::uint64_t kLinuxMemory = 512ULL << 20;

// Of the register that debug.coalesced adds (docs/config.md).
inline constexpr std::uint64_t kCoalescedAddress = 0xe012'0000;

// TOML (docs/config.md).
std::string config_text(const VmPlan& plan, const VmPlaces& places, const std::string& cmdline);
// With `hold`: it waits for the runner at each cell. Of a Linux, its kernel's.
std::string guest_cmdline(const VmPlan& plan);
// The same with what only Skiff's machines have.
std::string skiff_guest_cmdline(const VmPlan& plan, const VmPlaces& places);

}  // namespace skiff::bench
