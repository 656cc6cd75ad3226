// Accesses of the guest to a device's configuration space, as values.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "virtio/core/virtio_device.h"
#include "vmm/base/bytes.h"
#include "vmm/io/io_access.h"

namespace skiff {

// `access` from the start of the space; `size` is how much of it the layout shows. [bytes]
inline IoStatus check_device_config(IoAccess access, std::uint64_t size) {
  const unsigned width = access.width;
  if (width != 1 && width != 2 && width != 4 && width != 8) return IoStatus::bad_width;
  return fits(size, access.offset, width) ? IoStatus::ok : IoStatus::bad_width;
}

inline IoStatus read_device_config(const VirtioDevice& device, IoAccess access, std::uint64_t size,
                                   std::uint64_t& value) {
  if (const IoStatus status = check_device_config(access, size); status != IoStatus::ok)
    return status;
  std::array<std::byte, sizeof(std::uint64_t)> bytes{};
  device.read_config(access.offset, std::span(bytes).first(access.width));
  value = *load_le<std::uint64_t>(bytes, 0);
  return IoStatus::ok;
}

inline IoStatus write_device_config(VirtioDevice& device, IoAccess access, std::uint64_t size,
                                    std::uint64_t value) {
  if (const IoStatus status = check_device_config(access, size); status != IoStatus::ok)
    return status;
  std::array<std::byte, sizeof(std::uint64_t)> bytes{};
  store_le(std::span<std::byte>(bytes), 0, value);
  device.write_config(access.offset, std::span<const std::byte>(bytes).first(access.width));
  return IoStatus::ok;
}

}  // namespace skiff
