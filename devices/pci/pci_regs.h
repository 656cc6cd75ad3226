// Offsets and bits of configuration space, by the names of PCI Local Bus 3.0, chapter 6.
#pragma once

#include <cstddef>
#include <cstdint>

namespace skiff::pci {

inline constexpr unsigned kDword = 4;  // bytes

inline constexpr std::size_t kConfigSize = 256;           // conventional functions
inline constexpr std::size_t kExtendedConfigSize = 4096;  // PCI Express functions
inline constexpr unsigned kSlots = 32;
inline constexpr unsigned kFunctionsPerSlot = 8;
inline constexpr unsigned kBars = 6;

// Header type 0 (6.1).
inline constexpr unsigned kVendorId = 0x00;
inline constexpr unsigned kDeviceId = 0x02;
inline constexpr unsigned kCommand = 0x04;
inline constexpr unsigned kStatus = 0x06;
inline constexpr unsigned kRevisionId = 0x08;
inline constexpr unsigned kClassCode = 0x09;
inline constexpr unsigned kCacheLineSize = 0x0c;
inline constexpr unsigned kLatencyTimer = 0x0d;
inline constexpr unsigned kHeaderType = 0x0e;
inline constexpr unsigned kBar0 = 0x10;
inline constexpr unsigned kSubsystemVendorId = 0x2c;
inline constexpr unsigned kSubsystemId = 0x2e;
inline constexpr unsigned kCapabilitiesPointer = 0x34;
inline constexpr unsigned kInterruptLine = 0x3c;
inline constexpr unsigned kInterruptPin = 0x3d;
inline constexpr unsigned kFirstCapability = 0x40;
inline constexpr unsigned kFirstExtendedCapability = 0x100;

// Command register (6.2.2).
inline constexpr std::uint16_t kCommandIo = 1 << 0;
inline constexpr std::uint16_t kCommandMemory = 1 << 1;
inline constexpr std::uint16_t kCommandBusMaster = 1 << 2;
inline constexpr std::uint16_t kCommandParityResponse = 1 << 6;
inline constexpr std::uint16_t kCommandSerrEnable = 1 << 8;
inline constexpr std::uint16_t kCommandIntxDisable = 1 << 10;
inline constexpr std::uint16_t kCommandWritable = kCommandIo | kCommandMemory | kCommandBusMaster |
                                                  kCommandParityResponse | kCommandSerrEnable |
                                                  kCommandIntxDisable;

// Status register (6.2.3).
inline constexpr std::uint16_t kStatusInterrupt = 1 << 3;
inline constexpr std::uint16_t kStatusCapabilities = 1 << 4;
// The error bits, cleared by writing ones.
inline constexpr std::uint16_t kStatusErrors = 0xf900;

inline constexpr std::uint8_t kHeaderMultiFunction = 0x80;

// Base address registers (6.2.5.1).
inline constexpr std::uint32_t kBarIo = 1 << 0;
inline constexpr std::uint32_t kBarMemory64 = 2 << 1;
inline constexpr std::uint32_t kBarPrefetchable = 1 << 3;

// Capability ids (appendix H).
inline constexpr std::uint8_t kCapabilityMsi = 0x05;
inline constexpr std::uint8_t kCapabilityVendor = 0x09;
inline constexpr std::uint8_t kCapabilityExpress = 0x10;
inline constexpr std::uint8_t kCapabilityMsix = 0x11;

// MSI-X message control (6.8.2.3).
inline constexpr std::uint16_t kMsixEnable = 1 << 15;
inline constexpr std::uint16_t kMsixFunctionMask = 1 << 14;

}  // namespace skiff::pci
