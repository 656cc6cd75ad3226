// Processor time of threads, from what the kernel says of them.
#include "vmm/machine/thread_times.h"

#include <gtest/gtest.h>
#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <latch>
#include <string>
#include <thread>

namespace skiff {
namespace {

constexpr std::uint64_t kTick = 10'000'000;

std::string stat_line(const std::string& name, int user, int system, int guest) {
  std::string line = "123 (" + name + ") S";
  for (int field = 4; field <= 52; ++field) {
    const int value = field == 14 ? user : field == 15 ? system : field == 43 ? guest : -field;
    line += ' ' + std::to_string(value);
  }
  return line + "\n";
}

TEST(ThreadTimes, UserTimeIsWithoutTheGuests) {
  const auto thread = parse_thread_stat(stat_line("vcpu0", 100, 7, 90), kTick);
  ASSERT_TRUE(thread.has_value());
  EXPECT_EQ(thread->name, "vcpu0");
  EXPECT_EQ(thread->user_ns, 10 * kTick);
  EXPECT_EQ(thread->system_ns, 7 * kTick);
  EXPECT_EQ(thread->guest_ns, 90 * kTick);
}

TEST(ThreadTimes, AGuestTimeAboveTheUserTimeWrapsNothing) {
  EXPECT_EQ(parse_thread_stat(stat_line("vcpu0", 5, 0, 6), kTick)->user_ns, 0U);
}

TEST(ThreadTimes, NamesMayHaveAnythingInThem) {
  EXPECT_EQ(parse_thread_stat(stat_line("a) 1 (b", 1, 2, 0), kTick)->name, "a) 1 (b");
  EXPECT_EQ(parse_thread_stat(stat_line("a) 1 (b", 1, 2, 0), kTick)->system_ns, 2 * kTick);
}

TEST(ThreadTimes, WhatIsNoLineIsNone) {
  for (const char* const text : {"", "(", ")(", "1 (x)", "1 (x) S 1 2 3", "1 x S"})
    EXPECT_FALSE(parse_thread_stat(text, kTick).has_value()) << text;
}

TEST(ThreadTimes, AThreadIsFoundByItsNameAndItsWorkIsSeen) {
  std::latch worked(1);
  std::latch seen(1);
  std::thread worker([&] {
    pthread_setname_np(pthread_self(), "skiff/worker");
    timespec used{};
    while (used.tv_nsec < 50'000'000)
      clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    worked.count_down();
    seen.wait();
  });
  worked.wait();
  const auto threads = thread_times();
  seen.count_down();
  worker.join();
  const auto found = std::ranges::find(threads, "skiff/worker", &ThreadStats::name);
  ASSERT_NE(found, threads.end());
  EXPECT_GE(found->user_ns + found->system_ns, 2 * kTick);
  EXPECT_EQ(found->guest_ns, 0U);
}

}  // namespace
}  // namespace skiff
