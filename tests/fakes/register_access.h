// One-line register accesses for tests of devices.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "vmm/base/bits.h"
#include "vmm/io/io_device.h"

namespace skiff {

// What the guest would see: all ones where the device did not answer.
inline std::uint64_t read_register(IoDevice& device, std::uint64_t offset, std::uint8_t width = 1) {
  std::uint64_t value = all_ones(width);
  if (device.read({offset, width}, value) != IoStatus::ok) value = all_ones(width);
  return value;
}

inline IoStatus write_register(IoDevice& device, std::uint64_t offset, std::uint64_t value,
                               std::uint8_t width = 1) {
  return device.write({offset, width}, value);
}

inline std::span<const std::byte> as_byte_span(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

}  // namespace skiff
