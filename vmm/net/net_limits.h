// A card's rate limits, for each direction.
#pragma once

#include "vmm/base/rate_limiter.h"

namespace skiff {

struct NetLimits {
  RateLimit transmit_bytes{};  // what the guest sends
  RateLimit transmit_packets{};
  RateLimit receive_bytes{};
  RateLimit receive_packets{};
};

}  // namespace skiff
