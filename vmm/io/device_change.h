// What can be seen of a running machine's device from outside, and what can be asked of it: plain
// data.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace skiff {

struct RateChange {                           // of disk and network limits; nothing: as it is
  std::optional<std::uint64_t> per_second{};  // 0: no limit
  std::optional<std::uint64_t> burst{};       // 0: as much as one second lets pass
};

struct DeviceChange {
  std::optional<bool> link{};                  // network cards: the cable is in
  bool resize = false;                         // disks: the file has another size now
  std::optional<RateChange> operations{};      // disks: requests
  std::optional<RateChange> bandwidth{};       // disks, entropy: bytes
  std::optional<RateChange> transmit_bytes{};  // network cards
  std::optional<RateChange> transmit_packets{};
  std::optional<RateChange> receive_bytes{};
  std::optional<RateChange> receive_packets{};
};

struct DeviceInfo {
  std::string name{};                       // "disk0"
  std::string kind{};                       // "virtio-blk"
  std::string face{};                       // "virtio", "virtio-mmio"
  std::optional<std::uint64_t> capacity{};  // disks [bytes]
  std::optional<bool> link{};               // network cards
  std::string backend{};                    // "io_uring", "tap", "passt", ...; empty: none
  std::string source{};                     // a disk's file, a tap's name; empty: none
};

}  // namespace skiff
