// A half-open range of addresses that cannot wrap: start + size is at most 2^64.
#pragma once

#include <cstdint>

namespace skiff {

struct Range {
  std::uint64_t start = 0;
  std::uint64_t size = 0;

  // The last address inside; meaningful only for a range that is not empty.
  constexpr std::uint64_t last() const { return start + (size - 1); }
  constexpr bool empty() const { return size == 0; }
  // False for an empty range and for one that would pass the end of the 64-bit space.
  constexpr bool valid() const { return size != 0 && start + (size - 1) >= start; }
  constexpr bool contains(std::uint64_t address) const { return address - start < size; }
  constexpr bool contains(const Range& other) const {
    return other.valid() && contains(other.start) && contains(other.last());
  }
  constexpr bool overlaps(const Range& other) const {
    return !empty() && !other.empty() && (contains(other.start) || other.contains(start));
  }

  friend constexpr bool operator==(const Range&, const Range&) = default;
};

}  // namespace skiff
