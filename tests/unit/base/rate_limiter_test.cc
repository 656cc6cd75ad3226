#include "vmm/base/rate_limiter.h"

#include <gtest/gtest.h>

#include <limits>

namespace skiff {
namespace {

using namespace std::chrono_literals;

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();

TEST(RateLimiter, WithoutARateEverythingPasses) {
  RateLimiter limiter({});
  EXPECT_FALSE(limiter.is_limited());
  for (int i = 0; i < 3; ++i)
    EXPECT_TRUE(limiter.try_take(kMost, nanoseconds(0)));
  EXPECT_LE(limiter.ready_at(kMost), nanoseconds(0));
}

TEST(RateLimiter, TheBurstPassesAtOnceThenTheRateCounts) {
  RateLimiter limiter({.per_second = 10, .burst = 3});
  for (int i = 0; i < 3; ++i)
    EXPECT_TRUE(limiter.try_take(1, seconds(5)));
  EXPECT_FALSE(limiter.try_take(1, seconds(5)));
  EXPECT_EQ(limiter.ready_at(1), seconds(5) + milliseconds(100));
  EXPECT_FALSE(limiter.try_take(1, seconds(5) + milliseconds(100) - nanoseconds(1)));
  EXPECT_TRUE(limiter.try_take(1, seconds(5) + milliseconds(100)));
}

TEST(RateLimiter, WithoutABurstOneSecondsWorthPasses) {
  RateLimiter limiter({.per_second = 7, .burst = 0});
  EXPECT_TRUE(limiter.try_take(7, nanoseconds(0)));
  EXPECT_FALSE(limiter.try_take(1, nanoseconds(0)));
}

TEST(RateLimiter, IdleTimeFillsNoMoreThanTheBurst) {
  RateLimiter limiter({.per_second = 1000, .burst = 2});
  EXPECT_TRUE(limiter.try_take(2, seconds(1)));
  EXPECT_TRUE(limiter.try_take(2, seconds(1000)));
  EXPECT_FALSE(limiter.try_take(1, seconds(1000)));
}

TEST(RateLimiter, MoreThanTheBurstPassesWhenFullAndLeavesADebt) {
  RateLimiter limiter({.per_second = 100, .burst = 10});
  EXPECT_TRUE(limiter.try_take(110, seconds(1)));
  EXPECT_TRUE(limiter.try_take(0, seconds(1)));
  EXPECT_EQ(limiter.ready_at(1), seconds(2) + milliseconds(10));
  EXPECT_EQ(limiter.ready_at(1000), seconds(2) + milliseconds(100));
  EXPECT_FALSE(limiter.try_take(1000, seconds(2) + milliseconds(99)));
  EXPECT_TRUE(limiter.try_take(1000, seconds(2) + milliseconds(100)));
}

TEST(RateLimiter, ARefusalTakesNothingHoweverOften) {
  RateLimiter limiter({.per_second = 3, .burst = 1});
  EXPECT_TRUE(limiter.try_take(1, nanoseconds(0)));
  // A third of a second is no whole number of nanoseconds; asking in small steps loses nothing.
  nanoseconds now{0};
  for (; now < nanoseconds(333'333'333); now += nanoseconds(1'000'007))
    EXPECT_FALSE(limiter.try_take(1, now));
  EXPECT_FALSE(limiter.try_take(1, nanoseconds(333'333'333)));
  EXPECT_EQ(limiter.ready_at(1), nanoseconds(333'333'334));
  EXPECT_TRUE(limiter.try_take(1, nanoseconds(333'333'334)));
}

TEST(RateLimiter, WhatIsGivenBackCanBeTakenAgain) {
  RateLimiter limiter({.per_second = 1, .burst = 4});
  EXPECT_TRUE(limiter.try_take(4, seconds(1)));
  limiter.give_back(3);
  EXPECT_TRUE(limiter.try_take(3, seconds(1)));
  EXPECT_FALSE(limiter.try_take(1, seconds(1)));
  limiter.give_back(kMost);
  EXPECT_TRUE(limiter.try_take(4, seconds(1)));
  EXPECT_FALSE(limiter.try_take(1, seconds(1)));
}

TEST(RateLimiter, AClockThatStandsOrGoesBackFillsNothing) {
  RateLimiter limiter({.per_second = 1000, .burst = 1});
  EXPECT_TRUE(limiter.try_take(1, seconds(10)));
  EXPECT_FALSE(limiter.try_take(1, seconds(9)));
  EXPECT_FALSE(limiter.try_take(1, seconds(10)));
  EXPECT_TRUE(limiter.try_take(1, seconds(10) + milliseconds(1)));
}

TEST(RateLimiter, TheLargestNumbersDoNotOverflow) {
  RateLimiter limiter({.per_second = kMost, .burst = kMost});
  EXPECT_TRUE(limiter.try_take(kMost, nanoseconds::max()));
  EXPECT_FALSE(limiter.try_take(1, nanoseconds::max()));
  EXPECT_EQ(limiter.ready_at(kMost), nanoseconds::max());
  RateLimiter slow({.per_second = 1, .burst = 1});
  EXPECT_TRUE(slow.try_take(kMost, seconds(1)));
  EXPECT_EQ(slow.ready_at(1), nanoseconds::max());
}

TEST(RateLimiter, AnotherLimitKeepsWhatIsLeftAndForgivesDebts) {
  RateLimiter limiter({.per_second = 10, .burst = 10});
  EXPECT_TRUE(limiter.try_take(6, 0s));
  limiter.change({.per_second = 1, .burst = 100}, 0s);
  EXPECT_FALSE(limiter.try_take(5, 0s));
  EXPECT_TRUE(limiter.try_take(4, 0s));
  EXPECT_TRUE(limiter.try_take(1000, 96s + 4s));  // more than the burst: the bucket is in debt
  limiter.change({.per_second = 2}, 100s);
  EXPECT_FALSE(limiter.try_take(1, 100s));
  EXPECT_TRUE(limiter.try_take(1, 100500ms));
  limiter.change({}, 101s);
  EXPECT_TRUE(limiter.try_take(1'000'000, 101s));
  limiter.change({.per_second = 3, .burst = 3}, 102s);
  EXPECT_TRUE(limiter.try_take(3, 102s));
  EXPECT_FALSE(limiter.try_take(1, 102s));
}

}  // namespace
}  // namespace skiff
