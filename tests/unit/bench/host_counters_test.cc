#include "vmm/bench/host_counters.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>

namespace skiff::bench {
namespace {

TEST(HostCounters, TheLedgersAnswerBecomesRows) {
  Snapshot snapshot;
  ASSERT_TRUE(parse_exits(
      R"({"registers": [{"reason": "port I/O", "device": "com1", "register": "THR", "direction": "write",
          "count": 7, "total_ns": 900}, {"reason": "HLT", "device": null, "count": 1}],
          "kvm": {"exits": 12, "odd": -1}})",
      snapshot));
  EXPECT_TRUE(snapshot.has_ledger);
  ASSERT_EQ(snapshot.exits.size(), 2U);
  EXPECT_EQ(snapshot.exits[0].reg, "THR");
  EXPECT_EQ(snapshot.exits[0].total_ns, 900U);
  EXPECT_EQ(snapshot.exits[1].device, "-");
  ASSERT_EQ(snapshot.kvm.size(), 2U);
  EXPECT_EQ(snapshot.kvm[0].value, 12U);
  EXPECT_EQ(snapshot.kvm[1].value, 0U);
}

TEST(HostCounters, ARegisterOfSeveralWidthsIsOneRow) {
  Snapshot snapshot;
  ASSERT_TRUE(parse_exits(
      R"({"registers": [
          {"reason": "port I/O", "device": "pci", "register": "DATA", "direction": "write", "width": 2, "count": 2, "total_ns": 20},
          {"reason": "port I/O", "device": "pci", "register": "DATA", "direction": "read", "width": 4, "count": 9, "total_ns": 90},
          {"reason": "port I/O", "device": "pci", "register": "DATA", "direction": "write", "width": 4, "count": 25, "total_ns": 250}]})",
      snapshot));
  ASSERT_EQ(snapshot.exits.size(), 2U);
  EXPECT_EQ(snapshot.exits[0].count, 27U);
  EXPECT_EQ(snapshot.exits[0].total_ns, 270U);
  EXPECT_EQ(snapshot.exits[1].count, 9U);
}

TEST(HostCounters, AnOlderKernelHasNoCountsOfKvm) {
  Snapshot snapshot;
  EXPECT_TRUE(parse_exits(R"({"registers": [], "kvm": null})", snapshot));
  EXPECT_TRUE(snapshot.kvm.empty());
}

TEST(HostCounters, WhatIsNoLedgerIsRefused) {
  for (const char* const text :
       {"", "{", "7", "{}", "{\"registers\": 7}", "{\"registers\": [7]}"}) {
    Snapshot snapshot;
    EXPECT_FALSE(parse_exits(text, snapshot)) << text;
  }
}

TEST(HostCounters, SchedstatBeginsWithTheTime) {
  EXPECT_EQ(parse_schedstat("123456 789 10\n"), 123456U);
  EXPECT_EQ(parse_schedstat("5\n"), 5U);
  EXPECT_FALSE(parse_schedstat(""));
  EXPECT_FALSE(parse_schedstat("x 1 2"));
  EXPECT_FALSE(parse_schedstat("-1 1 2"));
}

TEST(HostCounters, OurOwnThreadHasRun) {
  auto threads = read_threads(::getpid());
  // The kernel adds up when a tick comes.
  for (int tries = 0; tries < 100'000 && !threads.empty() && threads.front().run_ns == 0; ++tries)
    threads = read_threads(::getpid());
  ASSERT_FALSE(threads.empty());
  EXPECT_EQ(threads.front().id, static_cast<std::uint64_t>(::getpid()));
  EXPECT_GT(threads.front().run_ns, 0U);
  EXPECT_TRUE(read_threads(0x7fffffff).empty());
}

}  // namespace
}  // namespace skiff::bench
