#include "vmm/io/io_device.h"

#include <cstring>

#include "vmm/base/bits.h"

namespace skiff {

IoStatus IoDevice::read_string(IoAccess access, std::span<std::byte> data, std::size_t& done) {
  for (std::size_t at = done * access.width; at + access.width <= data.size();
       at += access.width, ++done) {
    std::uint64_t value = all_ones(access.width);
    const IoStatus status = read(access, value);
    if (status == IoStatus::busy) return status;
    if (status != IoStatus::ok) value = all_ones(access.width);
    std::memcpy(data.data() + at, &value, access.width);
  }
  return IoStatus::ok;
}

IoStatus IoDevice::write_string(IoAccess access, std::span<const std::byte> data,
                                std::size_t& done) {
  for (std::size_t at = done * access.width; at + access.width <= data.size();
       at += access.width, ++done) {
    std::uint64_t value = 0;
    std::memcpy(&value, data.data() + at, access.width);
    if (write(access, value) == IoStatus::busy) return IoStatus::busy;
  }
  return IoStatus::ok;
}

std::string_view IoDevice::register_name(std::uint64_t, bool) const {
  return {};
}

}  // namespace skiff
