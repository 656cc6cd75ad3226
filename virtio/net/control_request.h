// A command of the control queue, parsed. Pure: from the bytes the driver wrote to what it wants.
// Source: Virtual I/O Device (VIRTIO) 1.2, 5.1.6.5.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string_view>
#include <variant>

#include "virtio/net/receive_filter.h"
#include "vmm/net/mac_address.h"

namespace skiff {

struct SetReceiveMode {
  std::uint8_t mode;  // virtio_net::kRx...
  bool on;
};
struct SetMacTables {
  MacTable unicast;
  MacTable multicast;
};
struct SetMac {
  MacAddress mac;
};
struct SetPairs {
  std::uint16_t pairs;
};
struct SetGuestOffloads {
  std::uint64_t features;  // some of virtio_net::kGuestOffloads
};

using ControlRequest =
    std::variant<SetReceiveMode, SetMacTables, SetMac, SetPairs, SetGuestOffloads>;

// The longest request that is looked at: two tables of more than a thousand addresses. [bytes]
inline constexpr std::size_t kMaxControlRequest = 16 * 1024;

// `features`: negotiated; a command of a feature that was not is unknown. The error says what is
// wrong with it; the answer is then kAckErr.
std::expected<ControlRequest, std::string_view> parse_control_request(
    std::span<const std::byte> bytes, std::uint64_t features);

}  // namespace skiff
