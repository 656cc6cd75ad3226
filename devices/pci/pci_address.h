// Where a function sits: bus, device (slot) and function number.
#pragma once

#include <cstdint>

namespace skiff {

struct PciAddress {
  std::uint8_t bus = 0;
  std::uint8_t slot = 0;      // 0 to 31
  std::uint8_t function = 0;  // 0 to 7

  // The 16 bits that name it on the bus: requester id, MSI device id.
  constexpr std::uint16_t id() const {
    return static_cast<std::uint16_t>(bus << 8 | slot << 3 | function);
  }
  static constexpr PciAddress from_id(std::uint16_t id) {
    return {static_cast<std::uint8_t>(id >> 8), static_cast<std::uint8_t>(id >> 3 & 0x1f),
            static_cast<std::uint8_t>(id & 7)};
  }

  friend constexpr bool operator==(const PciAddress&, const PciAddress&) = default;
};

}  // namespace skiff
