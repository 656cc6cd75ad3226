// Which frames of the wire a network device takes (5.1.6.5.1, 5.1.6.5.2). Plain data, total
// functions.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "vmm/net/mac_address.h"

namespace skiff {

// A bounded table of addresses. One that overflowed takes every address of its kind: filtering may
// be imperfect, but loses nothing (5.1.6.5.2.1).
struct MacTable {
  static constexpr std::size_t kCapacity = 64;

  std::array<MacAddress, kCapacity> entries{};
  std::size_t count = 0;
  bool overflowed = false;

  void add(const MacAddress& address);
  bool has(const MacAddress& address) const;
};

struct ReceiveFilter {
  // As a driver finds it: everything passes, for drivers that never ask for less.
  bool promiscuous = true;
  bool all_multicast = false;
  bool all_unicast = false;
  bool no_multicast = false;
  bool no_unicast = false;
  bool no_broadcast = false;
  MacAddress own;
  MacTable unicast;
  MacTable multicast;

  bool accepts(const MacAddress& destination) const;
};

}  // namespace skiff
