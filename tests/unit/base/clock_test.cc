#include "vmm/base/clock.h"

#include <gtest/gtest.h>

#include <ctime>

namespace skiff {
namespace {

TEST(SystemClock, MonotonicNeverGoesBack) {
  const SystemClock clock;
  auto before = clock.monotonic();
  for (int i = 0; i < 1000; ++i) {
    const auto now = clock.monotonic();
    ASSERT_GE(now, before);
    before = now;
  }
}

TEST(SystemClock, WallIsSecondsSince1970) {
  const SystemClock clock;
  const auto before = std::chrono::seconds(::time(nullptr) - 1);
  const auto wall = clock.wall();
  EXPECT_GE(wall, before);
  EXPECT_LE(wall, std::chrono::seconds(::time(nullptr) + 1));
}

}  // namespace
}  // namespace skiff
