// Opening a tap: Linux's end of a virtual Ethernet cable (Documentation/networking/tuntap.rst).
// Thread rule: one thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "vmm/base/fd.h"
#include "vmm/net/net_frame_header.h"

namespace skiff {

struct TapDevice {
  std::string name;
  std::vector<Fd> queues;  // non-blocking, one for each pair
  // Each frame has a NetFrameHeader in front. False only for a descriptor that was opened without
  // IFF_VNET_HDR.
  bool has_frame_header = true;
  std::uint16_t mtu = 1500;
  // Which unfinished frames the kernel can be asked to deliver (TUNSETOFFLOAD).
  NetOffloads receive;
};

// Throws ConfigError (no such tap, not this kind of tap) or HostError, saying how to make one.
TapDevice open_tap(const std::string& name, std::uint16_t queues);
// `fd` is a tap that was opened by whoever started Skiff; owned from here on, also when this
// throws.
TapDevice adopt_tap(int fd);

// TUNSETOFFLOAD; false where the kernel does not have all of it.
bool set_tap_offloads(int fd, const NetOffloads& offloads);

}  // namespace skiff
