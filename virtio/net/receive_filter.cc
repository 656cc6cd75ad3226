#include "virtio/net/receive_filter.h"

#include <algorithm>

namespace skiff {

void MacTable::add(const MacAddress& address) {
  if (count == kCapacity) {
    overflowed = true;
    return;
  }
  entries[count++] = address;
}

bool MacTable::has(const MacAddress& address) const {
  if (overflowed) return true;
  const auto used = std::span(entries).first(count);
  return std::ranges::find(used, address) != used.end();
}

bool ReceiveFilter::accepts(const MacAddress& destination) const {
  static constexpr MacAddress kBroadcast{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
  if (promiscuous) return true;
  if (destination == kBroadcast) return !no_broadcast;
  if (destination.is_multicast()) {
    return !no_multicast && (all_multicast || multicast.has(destination));
  }
  return !no_unicast && (all_unicast || destination == own || unicast.has(destination));
}

}  // namespace skiff
