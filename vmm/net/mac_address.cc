#include "vmm/net/mac_address.h"

#include <fmt/core.h>
#include <sys/random.h>

#include <cerrno>
#include <charconv>
#include <cstddef>

#include "vmm/base/error.h"

namespace skiff {

std::optional<MacAddress> MacAddress::parse(std::string_view text) {
  MacAddress address;
  if (text.size() != 3 * address.bytes.size() - 1) return std::nullopt;
  for (std::size_t i = 0; i < address.bytes.size(); ++i) {
    const char* const at = text.data() + 3 * i;
    if (i != 0 && at[-1] != ':') return std::nullopt;
    const auto [end, error] = std::from_chars(at, at + 2, address.bytes[i], 16);
    if (error != std::errc() || end != at + 2) return std::nullopt;
  }
  return address;
}

MacAddress MacAddress::random() {
  MacAddress address;
  const ssize_t count = ::getrandom(address.bytes.data(), address.bytes.size(), 0);
  if (count != static_cast<ssize_t>(address.bytes.size())) {
    throw HostError::from_errno("cannot draw a MAC address", errno);
  }
  // Locally administered, not a group.
  address.bytes[0] = static_cast<std::uint8_t>((address.bytes[0] & 0xfcU) | 0x02U);
  return address;
}

std::string MacAddress::text() const {
  return fmt::format("{:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", bytes[0], bytes[1], bytes[2],
                     bytes[3], bytes[4], bytes[5]);
}

}  // namespace skiff
