// The rates of a device's traffic: bytes, and operations (a disk's requests, a card's frames), both
// of which each operation must pass. Thread rule: one thread.
#pragma once

#include <cstdint>
#include <optional>

#include "vmm/base/clock.h"
#include "vmm/base/rate_limiter.h"

namespace skiff {

class TrafficLimit {
 public:
  TrafficLimit(const RateLimit& bytes, const RateLimit& operations)
      : bytes_(bytes), operations_(operations) {}

  void change(const RateLimit& bytes, const RateLimit& operations, Clock::Nanoseconds now) {
    bytes_.change(bytes, now);
    operations_.change(operations, now);
  }
  bool is_limited() const { return bytes_.is_limited() || operations_.is_limited(); }
  // Nothing: an operation of `size` bytes may pass, and is counted. Else the time to ask again.
  std::optional<Clock::Nanoseconds> take(std::uint64_t size, const Clock& clock) {
    if (!is_limited()) return std::nullopt;
    const Clock::Nanoseconds now = clock.monotonic();
    if (operations_.is_limited() && !operations_.try_take(1, now)) return operations_.ready_at(1);
    if (bytes_.is_limited() && !bytes_.try_take(size, now)) {
      if (operations_.is_limited()) operations_.give_back(1);
      return bytes_.ready_at(size);
    }
    return std::nullopt;
  }

 private:
  RateLimiter bytes_;
  RateLimiter operations_;
};

}  // namespace skiff
