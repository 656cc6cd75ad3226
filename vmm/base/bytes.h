// Fixed-width integers in byte spans, little-endian as every document Skiff implements has them
// (PCI, virtio, ACPI, ATA), and bounds-checked: an offset past the end is an answer, not a
// crash.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <type_traits>

namespace skiff {

static_assert(std::endian::native == std::endian::little,
              "Skiff runs on little-endian hosts only; load_le and store_le would need a swap");

// True if [offset, offset + length) lies inside a buffer of `size` bytes.
constexpr bool fits(std::uint64_t size, std::uint64_t offset, std::uint64_t length) {
  return offset <= size && length <= size - offset;
}

// The T at `offset`, or nothing where it would run past the end. T: any trivially copyable type
// whose in-memory form is the document's (packed structures of fixed-width integers).
template <typename T>
  requires std::is_trivially_copyable_v<T>
std::optional<T> load_le(std::span<const std::byte> bytes, std::uint64_t offset) {
  if (!fits(bytes.size(), offset, sizeof(T))) return std::nullopt;
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

// False, and nothing written, where the value would run past the end.
template <typename T>
  requires std::is_trivially_copyable_v<T>
bool store_le(std::span<std::byte> bytes, std::uint64_t offset, const T& value) {
  if (!fits(bytes.size(), offset, sizeof(T))) return false;
  std::memcpy(bytes.data() + offset, &value, sizeof(T));
  return true;
}

// The sub-span, or nothing where it would run past the end.
template <typename Byte>
std::optional<std::span<Byte>> subspan(std::span<Byte> bytes, std::uint64_t offset,
                                       std::uint64_t length) {
  if (!fits(bytes.size(), offset, length)) return std::nullopt;
  return bytes.subspan(static_cast<std::size_t>(offset), static_cast<std::size_t>(length));
}

}  // namespace skiff
