#include "vmm/base/rate_limiter.h"

#include <algorithm>

namespace skiff {
namespace {

constexpr __int128 kBillion = 1'000'000'000;

// What the bucket holds when it is full.
__int128 full_level(const RateLimit& limit) {
  return static_cast<__int128>(limit.burst) * kBillion;
}

RateLimit with_burst(RateLimit limit) {
  if (limit.burst == 0) limit.burst = limit.per_second;
  return limit;
}

}  // namespace

RateLimiter::RateLimiter(const RateLimit& limit)
    : limit_(with_burst(limit)), level_(full_level(limit_)) {}

void RateLimiter::fill(Clock::Nanoseconds now) {
  if (now <= filled_at_) return;
  // 63 bits of nanoseconds by 64 bits of tokens: fits 127.
  const __int128 gained = static_cast<__int128>((now - filled_at_).count()) * limit_.per_second;
  const __int128 room = full_level(limit_) - level_;
  level_ += std::min(room, gained);
  filled_at_ = now;
}

bool RateLimiter::try_take(std::uint64_t tokens, Clock::Nanoseconds now) {
  if (!is_limited() || tokens == 0) return true;
  fill(now);
  const __int128 wanted = static_cast<__int128>(tokens) * kBillion;
  if (level_ < std::min(wanted, full_level(limit_))) return false;
  level_ -= wanted;
  return true;
}

Clock::Nanoseconds RateLimiter::ready_at(std::uint64_t tokens) const {
  const __int128 needed =
      std::min(static_cast<__int128>(tokens) * kBillion, full_level(limit_)) - level_;
  if (!is_limited() || needed <= 0) return filled_at_;
  const __int128 wait = (needed + limit_.per_second - 1) / limit_.per_second;
  const __int128 last = Clock::Nanoseconds::max().count();
  return Clock::Nanoseconds(
      static_cast<Clock::Nanoseconds::rep>(std::min(last, filled_at_.count() + wait)));
}

void RateLimiter::change(const RateLimit& limit, Clock::Nanoseconds now) {
  const bool was_limited = is_limited();
  fill(now);
  limit_ = with_burst(limit);
  level_ = was_limited ? std::clamp<__int128>(level_, 0, full_level(limit_)) : full_level(limit_);
}

void RateLimiter::give_back(std::uint64_t tokens) {
  if (!is_limited()) return;
  level_ = std::min(full_level(limit_), level_ + static_cast<__int128>(tokens) * kBillion);
}

}  // namespace skiff
