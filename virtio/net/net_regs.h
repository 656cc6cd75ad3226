// Numbers of the virtio network device. Source: Virtual I/O Device (VIRTIO) 1.2, 5.1; USO: 1.3.
#pragma once

#include <cstdint>

namespace skiff::virtio_net {

// Feature bits (5.1.3), as masks.
inline constexpr std::uint64_t kCsum = 1ULL << 0;
inline constexpr std::uint64_t kGuestCsum = 1ULL << 1;
inline constexpr std::uint64_t kCtrlGuestOffloads = 1ULL << 2;
inline constexpr std::uint64_t kMtu = 1ULL << 3;
inline constexpr std::uint64_t kMac = 1ULL << 5;
inline constexpr std::uint64_t kGuestTso4 = 1ULL << 7;
inline constexpr std::uint64_t kGuestTso6 = 1ULL << 8;
inline constexpr std::uint64_t kGuestEcn = 1ULL << 9;
inline constexpr std::uint64_t kGuestUfo = 1ULL << 10;
inline constexpr std::uint64_t kHostTso4 = 1ULL << 11;
inline constexpr std::uint64_t kHostTso6 = 1ULL << 12;
inline constexpr std::uint64_t kHostEcn = 1ULL << 13;
inline constexpr std::uint64_t kHostUfo = 1ULL << 14;
inline constexpr std::uint64_t kMrgRxbuf = 1ULL << 15;
inline constexpr std::uint64_t kStatus = 1ULL << 16;
inline constexpr std::uint64_t kCtrlVq = 1ULL << 17;
inline constexpr std::uint64_t kCtrlRx = 1ULL << 18;
inline constexpr std::uint64_t kCtrlRxExtra = 1ULL << 20;
inline constexpr std::uint64_t kMq = 1ULL << 22;
inline constexpr std::uint64_t kCtrlMacAddr = 1ULL << 23;
inline constexpr std::uint64_t kGuestUso4 = 1ULL << 54;
inline constexpr std::uint64_t kGuestUso6 = 1ULL << 55;
inline constexpr std::uint64_t kHostUso = 1ULL << 56;

// What CTRL_GUEST_OFFLOADS_SET may name (5.1.6.5.6).
inline constexpr std::uint64_t kGuestOffloads =
    kGuestCsum | kGuestTso4 | kGuestTso6 | kGuestEcn | kGuestUfo | kGuestUso4 | kGuestUso6;

// Configuration space (5.1.4).
inline constexpr std::uint64_t kConfigMac = 0;
inline constexpr std::uint64_t kConfigStatus = 6;
inline constexpr std::uint64_t kConfigMaxVirtqueuePairs = 8;
inline constexpr std::uint64_t kConfigMtu = 10;
inline constexpr std::uint64_t kConfigSize = 12;
inline constexpr std::uint16_t kStatusLinkUp = 1;

// Without MQ there is one pair, and the control queue behind it (5.1.2).
inline constexpr std::uint16_t kControlQueueWithoutMq = 2;
inline constexpr std::uint16_t kMostPairs = 0x8000;

// Control commands (5.1.6.5): class and command.
inline constexpr std::uint8_t kClassRx = 0;
inline constexpr std::uint8_t kRxPromisc = 0;
inline constexpr std::uint8_t kRxAllMulti = 1;
inline constexpr std::uint8_t kRxAllUni = 2;
inline constexpr std::uint8_t kRxNoMulti = 3;
inline constexpr std::uint8_t kRxNoUni = 4;
inline constexpr std::uint8_t kRxNoBcast = 5;
inline constexpr std::uint8_t kClassMac = 1;
inline constexpr std::uint8_t kMacTableSet = 0;
inline constexpr std::uint8_t kMacAddrSet = 1;
inline constexpr std::uint8_t kClassMq = 4;
inline constexpr std::uint8_t kMqPairsSet = 0;
inline constexpr std::uint8_t kClassGuestOffloads = 5;
inline constexpr std::uint8_t kGuestOffloadsSet = 0;

inline constexpr std::uint8_t kAckOk = 0;
inline constexpr std::uint8_t kAckErr = 1;

}  // namespace skiff::virtio_net
