// Operation codes, sense data and pages of a CD-ROM drive's command packets.
// Source: INF-8020i revision 2.6 (ATA Packet Interface for CD-ROMs), MMC-3 (T10/1363-D revision
// 10g), SPC-3 (T10/1416-D revision 23).
#pragma once

#include <cstddef>
#include <cstdint>

namespace skiff::atapi {

inline constexpr std::uint32_t kBlockSize = 2048;  // [bytes]
inline constexpr std::size_t kPacketSize = 12;     // [bytes]

inline constexpr std::uint8_t kTestUnitReady = 0x00;
inline constexpr std::uint8_t kRequestSense = 0x03;
inline constexpr std::uint8_t kInquiry = 0x12;
inline constexpr std::uint8_t kStartStopUnit = 0x1b;
inline constexpr std::uint8_t kPreventRemoval = 0x1e;
inline constexpr std::uint8_t kReadCapacity = 0x25;
inline constexpr std::uint8_t kRead10 = 0x28;
inline constexpr std::uint8_t kSeek10 = 0x2b;
inline constexpr std::uint8_t kReadToc = 0x43;
inline constexpr std::uint8_t kGetConfiguration = 0x46;
inline constexpr std::uint8_t kGetEventStatus = 0x4a;
inline constexpr std::uint8_t kReadDiscInformation = 0x51;
inline constexpr std::uint8_t kModeSense10 = 0x5a;
inline constexpr std::uint8_t kRead12 = 0xa8;
inline constexpr std::uint8_t kSetCdSpeed = 0xbb;
inline constexpr std::uint8_t kMechanismStatus = 0xbd;
inline constexpr std::uint8_t kReadCd = 0xbe;

// Sense key, additional sense code and qualifier.
struct Sense {
  std::uint8_t key = 0;
  std::uint8_t code = 0;
  std::uint8_t qualifier = 0;
  friend bool operator==(const Sense&, const Sense&) = default;
};
inline constexpr Sense kNoSense{};
inline constexpr Sense kUnrecoveredRead{0x3, 0x11, 0x00};
inline constexpr Sense kInvalidOperation{0x5, 0x20, 0x00};
inline constexpr Sense kBlockOutOfRange{0x5, 0x21, 0x00};
inline constexpr Sense kInvalidField{0x5, 0x24, 0x00};
inline constexpr Sense kSavingNotSupported{0x5, 0x39, 0x00};
inline constexpr Sense kPowerOnOrReset{0x6, 0x29, 0x00};

// Mode pages, and the header before them.
inline constexpr std::uint8_t kPageErrorRecovery = 0x01;
inline constexpr std::uint8_t kPageCapabilities = 0x2a;
inline constexpr std::uint8_t kPageAll = 0x3f;
inline constexpr std::size_t kModeHeaderSize = 8;  // [bytes]

// Profiles and features.
inline constexpr std::uint16_t kProfileCdRom = 0x0008;
inline constexpr std::uint16_t kProfileDvdRom = 0x0010;
inline constexpr std::uint16_t kFeatureProfiles = 0x0000;
inline constexpr std::uint16_t kFeatureCore = 0x0001;
inline constexpr std::uint16_t kFeatureRemovable = 0x0003;
inline constexpr std::uint16_t kFeatureRandomReadable = 0x0010;
inline constexpr std::uint16_t kFeatureCdRead = 0x001e;
inline constexpr std::uint16_t kFeatureDvdRead = 0x001f;

}  // namespace skiff::atapi
