// A card's rate limits; those of one direction: bytes and packets, both of which a frame must pass.
// Thread rule: one thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "vmm/base/rate_limiter.h"

namespace skiff {

struct NetLimits {
  RateLimit transmit_bytes{};  // what the guest sends
  RateLimit transmit_packets{};
  RateLimit receive_bytes{};
  RateLimit receive_packets{};
};

class TrafficLimit {
 public:
  TrafficLimit(const RateLimit& bytes, const RateLimit& packets)
      : bytes_(bytes), packets_(packets) {}

  void change(const RateLimit& bytes, const RateLimit& packets, Clock::Nanoseconds now) {
    bytes_.change(bytes, now);
    packets_.change(packets, now);
  }
  bool is_limited() const { return bytes_.is_limited() || packets_.is_limited(); }
  // Nothing: a frame of `size` bytes may pass, and is counted. Else the time to ask again.
  std::optional<Clock::Nanoseconds> take(std::uint64_t size, const Clock& clock) {
    if (!is_limited()) return std::nullopt;
    const Clock::Nanoseconds now = clock.monotonic();
    if (packets_.is_limited() && !packets_.try_take(1, now)) return packets_.ready_at(1);
    if (bytes_.is_limited() && !bytes_.try_take(size, now)) {
      if (packets_.is_limited()) packets_.give_back(1);
      return bytes_.ready_at(size);
    }
    return std::nullopt;
  }

 private:
  RateLimiter bytes_;
  RateLimiter packets_;
};

}  // namespace skiff
