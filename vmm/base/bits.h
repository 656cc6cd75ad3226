// Arithmetic on addresses, sizes and register fields. All functions are total: no input is
// undefined.
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>

namespace skiff {

inline constexpr std::uint64_t KiB = 1ULL << 10;
inline constexpr std::uint64_t MiB = 1ULL << 20;
inline constexpr std::uint64_t GiB = 1ULL << 30;
inline constexpr std::uint64_t kPageSize = 4 * KiB;

// a + b, or nothing if that does not fit.
template <std::unsigned_integral T>
constexpr std::optional<T> checked_add(T a, T b) {
  T sum{};
  if (__builtin_add_overflow(a, b, &sum)) return std::nullopt;
  return sum;
}

// `alignment` is a power of two.
template <std::unsigned_integral T>
constexpr bool is_aligned(T value, T alignment) {
  return (value & (alignment - 1)) == 0;
}

template <std::unsigned_integral T>
constexpr T align_down(T value, T alignment) {
  return value & ~(alignment - 1);
}

// `value + alignment - 1` must fit: for numbers that nobody outside chose.
template <std::unsigned_integral T>
constexpr T align_up(T value, T alignment) {
  return align_down<T>(value + alignment - 1, alignment);
}

// Rounds up, or nothing if the result does not fit.
template <std::unsigned_integral T>
constexpr std::optional<T> checked_align_up(T value, T alignment) {
  const auto sum = checked_add<T>(value, alignment - 1);
  if (!sum) return std::nullopt;
  return align_down(*sum, alignment);
}

// The all-ones value of an access of `width` bytes (1 to 8): what a bus nobody drives reads as.
constexpr std::uint64_t all_ones(unsigned width) {
  return width >= 8 ? std::numeric_limits<std::uint64_t>::max() : (1ULL << (width * 8)) - 1;
}

}  // namespace skiff
