// A guest-physical address. Explicit, so that it is never mistaken for a host address or an offset;
// only GuestMemory turns one into a pointer.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>

#include "vmm/base/bits.h"

namespace skiff {

struct GuestAddress {
  std::uint64_t value = 0;

  GuestAddress() = default;
  constexpr explicit GuestAddress(std::uint64_t address) : value(address) {}

  // This address moved up by `offset` bytes, or nothing if that passes 2^64.
  constexpr std::optional<GuestAddress> plus(std::uint64_t offset) const {
    const auto sum = checked_add(value, offset);
    if (!sum) return std::nullopt;
    return GuestAddress(*sum);
  }

  friend constexpr auto operator<=>(GuestAddress, GuestAddress) = default;
};

}  // namespace skiff
