// A token bucket: how many operations or bytes may pass per second, with a burst.
//
// The bucket holds at most `burst` tokens and fills at `per_second`. A request larger than the
// burst passes when the bucket is full and leaves it in debt, so nothing is ever refused for ever.
//
// Thread rule: one thread.
#pragma once

#include <cstdint>

#include "vmm/base/clock.h"

namespace skiff {

struct RateLimit {
  std::uint64_t per_second = 0;  // 0: no limit
  std::uint64_t burst = 0;       // 0: as much as one second lets pass
};

class RateLimiter {
 public:
  explicit RateLimiter(const RateLimit& limit);

  bool is_limited() const { return limit_.per_second != 0; }
  // Takes `tokens` at time `now` (Clock::monotonic), or says no and takes nothing.
  // No tokens are always to be had.
  bool try_take(std::uint64_t tokens, Clock::Nanoseconds now);
  // The time at which try_take(tokens) would say yes. In the past if it would already.
  Clock::Nanoseconds ready_at(std::uint64_t tokens) const;
  // Another limit from `now` on. What is left in the bucket stays, as far as the new one holds it;
  // a debt is forgiven.
  void change(const RateLimit& limit, Clock::Nanoseconds now);
  // Gives back what a request took that then was not made.
  void give_back(std::uint64_t tokens);

 private:
  void fill(Clock::Nanoseconds now);

  RateLimit limit_;
  // In billionths of a token, so that nothing is lost however often it is asked; may be negative.
  __int128 level_;
  Clock::Nanoseconds filled_at_{0};
};

}  // namespace skiff
