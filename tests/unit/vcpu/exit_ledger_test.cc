#include "vmm/machine/exit_ledger.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "tests/fakes/fake_io_device.h"

namespace skiff {
namespace {

TEST(ExitHistogram, BucketsAreMonotonicAndTheirMiddleIsWithinAnEighth) {
  std::size_t before = 0;
  for (std::uint64_t ns = 0; ns < 1ULL << 40; ns += 1 + ns / 64) {
    const std::size_t bucket = ExitHistogram::bucket_of(ns);
    ASSERT_LT(bucket, ExitHistogram::kBuckets);
    ASSERT_GE(bucket, before);
    before = bucket;
    const auto middle = static_cast<double>(ExitHistogram::value_of(bucket));
    ASSERT_NEAR(middle, static_cast<double>(ns), static_cast<double>(ns) * 0.125 + 0.5) << ns;
  }
  EXPECT_EQ(ExitHistogram::bucket_of(~0ULL), ExitHistogram::kBuckets - 1);
}

TEST(ExitLedger, CountsAndTimesEachKey) {
  ExitLedger ledger;
  const FakeIoDevice device("uart");
  const ExitKey write{ExitReason::port_io, true, &device, 0};
  const ExitKey read{ExitReason::port_io, false, &device, 0};
  EXPECT_TRUE(ledger.rows().empty());
  ledger.record(write, 300);
  ledger.record(read, 5);
  ledger.record(write, 100);
  ASSERT_EQ(ledger.rows().size(), 2U);
  for (const ExitLedger::Row* row : ledger.rows()) {
    EXPECT_FALSE(ExitLedger::is_catch_all(*row));
    if (row->key == read) {
      EXPECT_EQ(row->count, 1U);
      continue;
    }
    EXPECT_EQ(row->key, write);
    EXPECT_EQ(row->count, 2U);
    EXPECT_EQ(row->total_ns, 400U);
    EXPECT_EQ(row->min_ns, 100U);
    EXPECT_EQ(row->max_ns, 300U);
  }
}

TEST(ExitLedger, AGuestThatTouchesEveryPortEndsInTheCatchAllAndLosesNoCount) {
  ExitLedger ledger;
  const ExitKey known{ExitReason::mmio, false, nullptr, 0xd000'0000};
  ledger.record(known, 1);
  for (std::uint64_t round = 0; round < 2; ++round)
    for (std::uint64_t port = 0; port < 0x1'0000; ++port)
      ledger.record({ExitReason::port_io, true, nullptr, port}, 10);
  ledger.record(known, 1);
  std::uint64_t total = 0;
  std::uint64_t catch_all = 0;
  const auto rows = ledger.rows();
  EXPECT_LE(rows.size(), ExitLedger::kRows);
  for (const ExitLedger::Row* row : rows) {
    total += row->count;
    if (ExitLedger::is_catch_all(*row)) catch_all = row->count;
    if (row->key == known) {
      EXPECT_EQ(row->count, 2U);
    }
  }
  EXPECT_EQ(total, 2 * 0x1'0000U + 2);
  EXPECT_GT(catch_all, 0U);
  EXPECT_TRUE(ExitLedger::is_catch_all(*rows.back()));
}

TEST(ExitLedger, RecentKeepsTheLastOnesOldestFirst) {
  ExitLedger ledger;
  ledger.remember({.key = {}, .value = 0});
  EXPECT_EQ(ledger.recent().size(), 1U);
  for (std::uint64_t i = 1; i < 100; ++i)
    ledger.remember({.key = {}, .value = i});
  const auto recent = ledger.recent();
  ASSERT_EQ(recent.size(), ExitLedger::kRecent);
  EXPECT_EQ(recent.front().value, 100 - ExitLedger::kRecent);
  EXPECT_EQ(recent.back().value, 99U);
}

TEST(ExitLedger, MayBeReadWhileItIsWritten) {
  ExitLedger ledger;
  std::atomic<bool> stop{false};
  std::jthread reader([&] {
    while (!stop) {
      for (const ExitLedger::Row* row : ledger.rows()) {
        EXPECT_EQ(row->key.reason, ExitReason::port_io);
        EXPECT_LT(row->key.offset, 400U);
      }
    }
  });
  for (std::uint64_t i = 0; i < 20'000; ++i)
    ledger.record({ExitReason::port_io, true, nullptr, i % 200}, i);
  stop = true;
}

}  // namespace
}  // namespace skiff
