// Which frames of the wire the card takes. Plain data, total functions.
// Source: manual, 3.2.1 (address filtering), 9.3 (VLAN filtering), 13.5 (the tables).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "devices/e1000/e1000_regs.h"
#include "vmm/net/mac_address.h"

namespace skiff {

struct E1000Filter {
  enum class Verdict : std::uint8_t { refused, accepted, accepted_by_hash };

  std::uint32_t rctl = 0;
  std::uint32_t vet = 0;
  // RAL and RAH in turn; the multicast and the VLAN table.
  std::array<std::uint32_t, std::size_t{2} * e1000::kRaEntries> addresses{};
  std::array<std::uint32_t, e1000::kMtaWords> groups{};
  std::array<std::uint32_t, e1000::kVftaWords> vlans{};

  // `frame`: at least an Ethernet header.
  Verdict judge(std::span<const std::byte> frame) const;
  // It carries a tag of the type that VET names.
  bool is_tagged(std::span<const std::byte> frame) const;

 private:
  bool is_own(const MacAddress& address) const;
  bool is_in_hash(const MacAddress& address) const;
  bool passes_vlan(std::span<const std::byte> frame) const;
};

// 16 bits of a frame in network order; 0 past its end.
inline std::uint16_t e1000_frame_word(std::span<const std::byte> frame, std::size_t offset) {
  if (frame.size() < 2 || offset > frame.size() - 2) return 0;
  return static_cast<std::uint16_t>(std::to_integer<unsigned>(frame[offset]) << 8 |
                                    std::to_integer<unsigned>(frame[offset + 1]));
}

}  // namespace skiff
