#include "vmm/bench/statistics.h"

#include <gtest/gtest.h>

namespace skiff::bench {
namespace {

TEST(BenchStatistics, MedianOfOddAndEvenNumbersAndOfNothing) {
  EXPECT_EQ(median_of({}), 0);
  EXPECT_EQ(median_of({7}), 7);
  EXPECT_EQ(median_of({9, 1, 5}), 5);
  EXPECT_EQ(median_of({4, 1, 3, 2}), 2.5);
  EXPECT_EQ(median_of({1000, 1, 1, 1, 1}), 1);
}

TEST(BenchStatistics, SpreadIsTheRangeOverTheMedian) {
  const Stat stat = stat_of(std::vector<double>{110, 100, 90});
  EXPECT_EQ(stat.median, 100);
  EXPECT_EQ(stat.least, 90);
  EXPECT_EQ(stat.most, 110);
  EXPECT_EQ(stat.runs, 3U);
  EXPECT_DOUBLE_EQ(stat.spread(), 0.2);
  EXPECT_EQ(stat_of(std::vector<double>{0, 0}).spread(), 0);
  EXPECT_EQ(stat_of({}).runs, 0U);
}

TEST(BenchStatistics, NumbersDifferWhereTheirRangesDoNotTouch) {
  const Stat low{.median = 10, .least = 9, .most = 11, .runs = 3};
  const Stat touching{.median = 12, .least = 11, .most = 13, .runs = 3};
  const Stat high{.median = 13, .least = 12, .most = 14, .runs = 3};
  EXPECT_FALSE(differ(low, touching));
  EXPECT_TRUE(differ(low, high));
  EXPECT_TRUE(differ(high, low));
}

}  // namespace
}  // namespace skiff::bench
