// Numbers of the virtio specification that more than one file needs.
// Source: Virtual I/O Device (VIRTIO) 1.2: 2.1 (status), 5 (device types), 6 (reserved features).
#pragma once

#include <cstdint>
#include <string_view>

namespace skiff::virtio {

// Device types (5).
inline constexpr std::uint32_t kNetwork = 1;
inline constexpr std::uint32_t kBlock = 2;
inline constexpr std::uint32_t kConsole = 3;
inline constexpr std::uint32_t kEntropy = 4;

// The name of a device type among people: "virtio-blk".
constexpr std::string_view kind_name(std::uint32_t device_id) {
  switch (device_id) {
    case kNetwork:
      return "virtio-net";
    case kBlock:
      return "virtio-blk";
    case kConsole:
      return "virtio-console";
    case kEntropy:
      return "virtio-rng";
    default:
      return "virtio";
  }
}

// Device status (2.1).
inline constexpr std::uint8_t kAcknowledge = 1;
inline constexpr std::uint8_t kDriver = 2;
inline constexpr std::uint8_t kDriverOk = 4;
inline constexpr std::uint8_t kFeaturesOk = 8;
inline constexpr std::uint8_t kNeedsReset = 64;
inline constexpr std::uint8_t kFailed = 128;

// Reserved feature bits (6), as masks.
inline constexpr std::uint64_t kFeatureIndirectDesc = 1ULL << 28;
inline constexpr std::uint64_t kFeatureEventIdx = 1ULL << 29;
inline constexpr std::uint64_t kFeatureVersion1 = 1ULL << 32;
inline constexpr std::uint64_t kFeatureRingPacked = 1ULL << 34;
inline constexpr std::uint64_t kFeatureInOrder = 1ULL << 35;
inline constexpr std::uint64_t kFeatureNotificationData = 1ULL << 38;
inline constexpr std::uint64_t kFeatureRingReset = 1ULL << 40;

}  // namespace skiff::virtio
