// How this room sees a guest: its linear (virtual) memory, as the kernel's page tables map it. The
// guest owns every byte, and changes it while it is read: what is read is copied once, checked, and
// the copy used; each reader here is bounded whatever it finds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <type_traits>

namespace skiff {

// Copies linear memory; false if any byte of it is not mapped to RAM (`out` is undefined then).
using LinearReader = std::function<bool(std::uint64_t linear, std::span<std::byte> out)>;

template <typename T>
  requires std::is_trivially_copyable_v<T>
std::optional<T> read_as(const LinearReader& read, std::uint64_t linear) {
  T value{};
  if (!read(linear, std::as_writable_bytes(std::span(&value, 1)))) return std::nullopt;
  return value;
}

}  // namespace skiff
