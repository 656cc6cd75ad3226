// Which features a network device offers, and what those a driver took mean for the back-end. Pure.
#pragma once

#include <cstdint>

#include "vmm/net/net_backend.h"

namespace skiff {

// By what the back-end can do. `mtu` 0: none is told.
std::uint64_t offered_net_features(const NetCapabilities& capabilities, std::uint16_t pairs,
                                   std::uint16_t mtu);

// Unfinished frames the driver may send, and those it takes.
NetOffloads transmit_offloads(std::uint64_t features);
// `features`: the negotiated ones, or the set of CTRL_GUEST_OFFLOADS_SET.
NetOffloads receive_offloads(std::uint64_t features);

}  // namespace skiff
