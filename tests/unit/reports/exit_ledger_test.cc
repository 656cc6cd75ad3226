#include "vmm/machine/exit_ledger.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <numeric>

namespace skiff {
namespace {

ExitKey port(std::uint64_t offset, bool is_write = false) {
  return {.reason = ExitReason::port_io, .is_write = is_write, .device = nullptr, .offset = offset};
}

std::uint64_t histogram_sum(const ExitLedger::Row& row) {
  return std::accumulate(row.histogram.begin(), row.histogram.end(), std::uint64_t{0});
}

TEST(ExitHistogram, EveryBucketBoundary) {
  // Where each bucket begins, from the definition: 0 to 3, then four to each power of two.
  std::uint64_t start = 0;
  for (std::size_t bucket = 0; bucket < ExitHistogram::kBuckets; ++bucket) {
    if (bucket < 4) {
      start = bucket;
    } else {
      const std::size_t exponent = bucket / 4 + 1;
      start = (1ULL << exponent) + (bucket % 4) * (1ULL << (exponent - 2));
    }
    EXPECT_EQ(ExitHistogram::bucket_of(start), bucket) << start;
    if (start != 0) {
      EXPECT_EQ(ExitHistogram::bucket_of(start - 1), bucket - 1) << start - 1;
    }
  }
  EXPECT_EQ(ExitHistogram::bucket_of(~0ULL), ExitHistogram::kBuckets - 1);
}

void expect_within_an_eighth(std::uint64_t ns) {
  const std::uint64_t value = ExitHistogram::value_of(ExitHistogram::bucket_of(ns));
  const double error = std::abs(static_cast<double>(value) - static_cast<double>(ns));
  EXPECT_LE(error, static_cast<double>(ns) * 0.125) << ns << " became " << value;
}

TEST(ExitHistogram, ValueOfBucketIsWithinAnEighth) {
  for (std::uint64_t ns = 0; ns < 100'000; ++ns)
    expect_within_an_eighth(ns);
  for (unsigned exponent = 4; exponent <= 40; ++exponent) {
    for (std::uint64_t quarter = 0; quarter < 4; ++quarter) {
      const std::uint64_t start = (1ULL << exponent) + (quarter << (exponent - 2));
      expect_within_an_eighth(start);
      expect_within_an_eighth(start + (1ULL << (exponent - 2)) - 1);
    }
  }
}

TEST(ExitLedger, EmptyHasNoRows) {
  const ExitLedger ledger;
  EXPECT_TRUE(ledger.rows().empty());
  EXPECT_TRUE(ledger.recent().empty());
}

TEST(ExitLedger, OneRowPerKeyWithItsFigures) {
  ExitLedger ledger;
  ledger.record(port(0x3f8, true), 100);
  ledger.record(port(0x3f8, false), 7);
  ledger.record(port(0x3f8, true), 300);
  ledger.record(port(0x3f8, true), 50);
  const auto rows = ledger.rows();
  ASSERT_EQ(rows.size(), 2U);
  const auto& row = *(rows[0]->key.is_write ? rows[0] : rows[1]);
  EXPECT_EQ(row.count.load(), 3U);
  EXPECT_EQ(row.total_ns.load(), 450U);
  EXPECT_EQ(row.min_ns.load(), 50U);
  EXPECT_EQ(row.max_ns.load(), 300U);
  EXPECT_EQ(histogram_sum(row), 3U);
}

TEST(ExitLedger, AnExitOfNoTimeIsItsMinimum) {
  ExitLedger ledger;
  ledger.record(port(1), 0);
  ledger.record(port(1), 9);
  EXPECT_EQ(ledger.rows().at(0)->min_ns.load(), 0U);
}

TEST(ExitLedger, MoreKeysThanRowsGoToTheCatchAll) {
  ExitLedger ledger;
  constexpr std::uint64_t kKeys = 1000;
  for (int round = 0; round < 2; ++round) {
    for (std::uint64_t key = 0; key < kKeys; ++key)
      ledger.record(port(key), 10);
  }
  const auto rows = ledger.rows();
  ASSERT_LE(rows.size(), ExitLedger::kRows);
  ASSERT_TRUE(ExitLedger::is_catch_all(*rows.back()));
  std::uint64_t total = 0;
  for (std::size_t at = 0; at < rows.size(); ++at) {
    total += rows[at]->count.load();
    if (at + 1 == rows.size()) break;
    EXPECT_FALSE(ExitLedger::is_catch_all(*rows[at]));
    EXPECT_EQ(rows[at]->count.load(), 2U) << "offset " << rows[at]->key.offset;
  }
  EXPECT_EQ(total, 2 * kKeys);
  EXPECT_GE(rows.size(), 240U);
  EXPECT_EQ(rows.back()->count.load(), 2 * (kKeys - (rows.size() - 1)));
}

TEST(ExitLedger, TheFirstOfAllKeysIsNotTheCatchAll) {
  // All fields of this key are zero, as an empty row's are.
  ExitLedger ledger;
  ledger.record(ExitKey{}, 5);
  ASSERT_EQ(ledger.rows().size(), 1U);
  EXPECT_FALSE(ExitLedger::is_catch_all(*ledger.rows()[0]));
}

TEST(ExitLedger, RecentKeepsTheLastOnesOldestFirst) {
  ExitLedger ledger;
  for (std::uint64_t value = 0; value < ExitLedger::kRecent + 7; ++value) {
    ledger.remember({.key = port(1), .value = value, .width = 1, .count = 1});
  }
  const auto recent = ledger.recent();
  ASSERT_EQ(recent.size(), ExitLedger::kRecent);
  for (std::size_t at = 0; at < recent.size(); ++at)
    EXPECT_EQ(recent[at].value, at + 7);
}

TEST(ExitLedger, RecentOfAHalfFullRing) {
  ExitLedger ledger;
  ledger.remember({.key = port(1), .value = 11, .width = 1, .count = 1});
  ledger.remember({.key = port(2), .value = 22, .width = 1, .count = 1});
  const auto recent = ledger.recent();
  ASSERT_EQ(recent.size(), 2U);
  EXPECT_EQ(recent[0].value, 11U);
  EXPECT_EQ(recent[1].value, 22U);
}

}  // namespace
}  // namespace skiff
