// The histogram of the bench programs against exact arithmetic.
#include "guest/lib/histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <random>
#include <vector>

namespace skiff::test {
namespace {

std::unique_ptr<Histogram> histogram_of(const std::vector<std::uint64_t>& values) {
  auto histogram = std::make_unique<Histogram>();
  histogram_clear(histogram.get());
  for (const std::uint64_t value : values)
    histogram_add(histogram.get(), value);
  return histogram;
}

// The least value that at least `permille` thousandths of the values do not exceed.
std::uint64_t exact_quantile(std::vector<std::uint64_t> values, unsigned permille) {
  std::sort(values.begin(), values.end());
  const std::size_t rank = (values.size() * permille + 999) / 1000;
  return values.at(rank - 1);
}

void expect_quantiles(const std::vector<std::uint64_t>& values) {
  const auto histogram = histogram_of(values);
  for (const unsigned permille : {1U, 500U, 900U, 990U, 999U, 1000U}) {
    const auto exact = static_cast<double>(exact_quantile(values, permille));
    const auto found = static_cast<double>(histogram_quantile(histogram.get(), permille));
    EXPECT_NEAR(found, exact, exact * 0.008) << permille << " of " << values.size();
  }
  EXPECT_EQ(histogram->maximum, *std::max_element(values.begin(), values.end()));
  EXPECT_EQ(histogram->total, values.size());
}

TEST(Histogram, EveryBucketBeginsWhereTheOneBeforeItEnds) {
  for (unsigned index = 0; index < kHistogramBuckets; ++index) {
    const std::uint64_t low = histogram_lower_bound(index);
    const std::uint64_t end = histogram_lower_bound(index + 1);
    ASSERT_LT(low, end) << index;
    EXPECT_EQ(histogram_index(low), index);
    EXPECT_EQ(histogram_index(end - 1), index);
    EXPECT_LE((end - low) * 64, low < 64 ? 64 : low) << index;  // 1/64 wide at most
  }
}

TEST(Histogram, SmallValuesAreExact) {
  for (std::uint64_t value = 0; value < 128; ++value) {
    EXPECT_EQ(histogram_lower_bound(histogram_index(value)), value);
  }
  const auto histogram = histogram_of({5, 5, 5, 7, 127});
  EXPECT_EQ(histogram_quantile(histogram.get(), 500), 5U);
  EXPECT_EQ(histogram_quantile(histogram.get(), 700), 7U);
  EXPECT_EQ(histogram_quantile(histogram.get(), 999), 127U);
}

TEST(Histogram, TheLargestValuesShareTheLastBucket) {
  EXPECT_EQ(histogram_index(~0ULL), kHistogramBuckets - 1U);
  EXPECT_EQ(histogram_index(1ULL << 46), kHistogramBuckets - 1U);
  EXPECT_EQ(histogram_index((1ULL << 46) - 1), kHistogramBuckets - 1U);
  const auto histogram = histogram_of({~0ULL});
  EXPECT_EQ(histogram->maximum, ~0ULL);
  EXPECT_EQ(histogram_quantile(histogram.get(), 500) >> 45, 1U);
}

TEST(Histogram, AnEmptyOneSaysNothing) {
  const auto histogram = histogram_of({});
  EXPECT_EQ(histogram_quantile(histogram.get(), 500), 0U);
  EXPECT_EQ(histogram_merge_bits(histogram.get(), 1), 0U);
}

TEST(Histogram, NoQuantileExceedsTheMaximum) {
  const auto histogram = histogram_of({1'000'001});
  EXPECT_LE(histogram_quantile(histogram.get(), 500), 1'000'001U);
  EXPECT_LE(histogram_quantile(histogram.get(), 1000), 1'000'001U);
}

TEST(Histogram, QuantilesOfManyShapes) {
  std::mt19937_64 random(7);
  for (const std::size_t count : {1U, 2U, 10U, 999U, 1000U, 1001U, 50'000U}) {
    std::vector<std::uint64_t> uniform;
    std::vector<std::uint64_t> tail;
    std::vector<std::uint64_t> two;
    std::lognormal_distribution<double> lognormal(12.0, 1.5);
    for (std::size_t i = 0; i < count; ++i) {
      uniform.push_back(1000 + random() % 1'000'000);
      tail.push_back(static_cast<std::uint64_t>(lognormal(random)) + 64);
      two.push_back(i % 10 == 0 ? 40'000'000 + i : 3000 + i % 64);
    }
    expect_quantiles(uniform);
    expect_quantiles(tail);
    expect_quantiles(two);
  }
}

TEST(Histogram, CountsBeyondThirtyTwoBits) {
  auto histogram = histogram_of({100, 200});
  histogram->counts[histogram_index(100)] = 1ULL << 40;
  histogram->counts[histogram_index(200)] = 1ULL << 33;
  histogram->total = (1ULL << 40) + (1ULL << 33);
  EXPECT_EQ(histogram_quantile(histogram.get(), 990), 100U);
  EXPECT_EQ(histogram_quantile(histogram.get(), 999), 200U);
}

std::size_t filled(const Histogram& histogram, unsigned bits) {
  std::vector<unsigned> groups;
  for (unsigned i = 0; i < kHistogramBuckets; ++i) {
    if (histogram.counts[i] != 0) groups.push_back(i >> bits);
  }
  groups.erase(std::unique(groups.begin(), groups.end()), groups.end());
  return groups.size();
}

TEST(Histogram, MergesNoMoreThanItMust) {
  std::vector<std::uint64_t> values;
  for (std::uint64_t value = 1; value < 1'000'000; value += value / 100 + 1) {
    values.push_back(value);
  }
  const auto histogram = histogram_of(values);
  ASSERT_GT(filled(*histogram, 0), 400U);
  for (const unsigned most : {200U, 100U, 10U, 1U}) {
    const unsigned bits = histogram_merge_bits(histogram.get(), most);
    EXPECT_LE(filled(*histogram, bits), most);
    EXPECT_GT(filled(*histogram, bits - 1), most);
  }
  EXPECT_EQ(histogram_merge_bits(histogram.get(), kHistogramBuckets), 0U);
}

}  // namespace
}  // namespace skiff::test
