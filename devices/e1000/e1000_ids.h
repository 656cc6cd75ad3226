// What the card calls itself, on the bus and in its EEPROM. Source: manual, 4.1, 5.6.
#pragma once

#include <cstdint>

namespace skiff {

inline constexpr std::uint16_t kE1000Vendor = 0x8086;
inline constexpr std::uint16_t kE1000Device = 0x100e;  // 82540EM-A
inline constexpr std::uint8_t kE1000Revision = 2;
inline constexpr std::uint16_t kE1000Subsystem = 0x001e;

}  // namespace skiff
