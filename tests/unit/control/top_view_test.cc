// `skiff top`: from two answers of a VM to rows, and rows to text and JSON.
#include "vmm/cli/top_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <string>

namespace skiff {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kVm = R"({"name":"web","state":"running","vcpus":2,"resets":0})";

std::string exits_text(int thr, int lsr) {
  return R"({"registers":[{"reason":"port I/O","device":"com1","register":"THR","direction":"write",)"
         R"("count":)" +
         std::to_string(thr) + R"(,"total_ns":)" + std::to_string(thr * 100) +
         R"(},{"reason":"port I/O","device":"com1","register":"LSR","direction":"read","count":)" +
         std::to_string(lsr) + R"(,"total_ns":)" + std::to_string(lsr * 1000) + "}]}";
}

std::string stats_text(int requests, int guest_ms, bool broken = false) {
  return R"({"devices":[{"name":"disk0","kind":"virtio-blk","guest_faults":0,"needs_reset":)" +
         std::string(broken ? "true" : "false") +
         R"(,"queues":[{"index":0,"notifications":10,"requests":)" + std::to_string(requests) +
         R"(,"interrupts":7}]}],"threads":[{"name":"vcpu0","user_ns":0,"system_ns":500000000,)"
         R"("guest_ns":)" +
         std::to_string(guest_ms * 1'000'000LL) + "}]}";
}

TopSample sample(std::chrono::nanoseconds at, const std::string& exits, const std::string& stats,
                 std::string_view vm = kVm) {
  auto parsed = parse_top_sample(at, vm, exits, stats);
  if (!parsed) throw std::runtime_error("no sample");
  return *std::move(parsed);
}

TEST(TopView, RatesAreWhatHappenedBetweenTheTwo) {
  const TopView view =
      make_top_view(sample(10s, exits_text(1000, 50), stats_text(100, 1000)),
                    sample(12s, exits_text(5000, 50), stats_text(300, 2500)), TopSort::time);
  EXPECT_DOUBLE_EQ(view.seconds, 2);
  ASSERT_EQ(view.exits.size(), 1U);  // LSR was not read meanwhile
  EXPECT_EQ(view.exits[0].what.reg, "THR");
  EXPECT_DOUBLE_EQ(view.exits[0].per_second, 2000);
  EXPECT_DOUBLE_EQ(view.exits[0].ns_each, 100);
  EXPECT_DOUBLE_EQ(view.exits[0].time_share, 4000 * 100 / 2e9);
  ASSERT_EQ(view.queues.size(), 1U);
  EXPECT_DOUBLE_EQ(view.queues[0].requests, 100);
  EXPECT_DOUBLE_EQ(view.queues[0].interrupts, 0);
  ASSERT_EQ(view.threads.size(), 1U);
  EXPECT_DOUBLE_EQ(view.threads[0].guest, 0.75);
  EXPECT_DOUBLE_EQ(view.threads[0].system, 0);
}

TEST(TopView, SortsByEachColumn) {
  const TopSample before = sample(0s, exits_text(0, 0), stats_text(0, 0));
  const TopSample after = sample(1s, exits_text(100, 50), stats_text(0, 0));
  EXPECT_EQ(make_top_view(before, after, TopSort::count).exits[0].what.reg, "THR");
  EXPECT_EQ(make_top_view(before, after, TopSort::time).exits[0].what.reg, "LSR");
  EXPECT_EQ(make_top_view(before, after, TopSort::each).exits[0].what.reg, "LSR");
}

TEST(TopView, AMachineAfterAResetBeginsAgain) {
  const TopSample before = sample(0s, exits_text(1000, 50), stats_text(100, 0));
  const TopSample after = sample(1s, exits_text(2000, 5), stats_text(101, 0),
                                 R"({"name":"web","state":"running","vcpus":2,"resets":1})");
  const TopView view = make_top_view(before, after, TopSort::count);
  EXPECT_DOUBLE_EQ(view.exits[0].per_second, 2000);
  EXPECT_DOUBLE_EQ(view.queues[0].requests, 101);
}

TEST(TopView, TheScreenCutsLinesAndPage) {
  const TopView view =
      make_top_view(sample(0s, exits_text(0, 0), stats_text(0, 0)),
                    sample(1s, exits_text(9, 9), stats_text(5, 0, true)), TopSort::count);
  const std::string whole = to_text(view, {});
  EXPECT_THAT(whole, HasSubstr("web: running, 2 vCPUs"));
  EXPECT_THAT(whole, HasSubstr("18 exits/s"));
  EXPECT_THAT(whole, HasSubstr("disk0 was broken by its driver"));
  EXPECT_THAT(whole, HasSubstr("disk0/0"));
  EXPECT_THAT(whole, Not(HasSubstr("\x1b")));
  EXPECT_THAT(to_text(view, {.help = true}), HasSubstr("freeze"));
  EXPECT_THAT(to_text(view, {.frozen = true}), HasSubstr("frozen"));
  const std::string small = to_text(view, {.columns = 20, .rows = 5});
  EXPECT_EQ(std::ranges::count(small, '\n'), 5);
  for (std::size_t at = 0; at < small.size(); at = small.find('\n', at) + 1)
    EXPECT_LE(small.find('\n', at) - at, 20U);
}

TEST(TopView, JsonHasTheSame) {
  const TopView view =
      make_top_view(sample(0s, exits_text(0, 0), stats_text(0, 0)),
                    sample(1s, exits_text(8, 0), stats_text(0, 0)), TopSort::count);
  const std::string text = to_json(view);
  EXPECT_THAT(text, HasSubstr(R"("schema":"skiff-top-1")"));
  EXPECT_THAT(text, HasSubstr(R"("register":"THR")"));
  EXPECT_EQ(text.find('\n'), text.size() - 1);
}

TEST(TopSample, WhatIsNoAnswerIsNone) {
  EXPECT_FALSE(parse_top_sample(0s, "", "{}", "{}"));
  EXPECT_FALSE(parse_top_sample(0s, kVm, "[]", "{}"));
  EXPECT_FALSE(parse_top_sample(0s, kVm, "{}", "{\"devices\":"));
  EXPECT_TRUE(parse_top_sample(0s, kVm, R"({"registers":[1,null,{}]})", R"({"threads":{}})"));
}

TEST(TopSample, OffsetsOfOneNameAreOneRow) {
  const auto found = parse_top_sample(
      0s, kVm,
      R"({"registers":[{"device":"pci","register":"DATA","offset":0,"count":1,"total_ns":10},)"
      R"({"device":"pci","register":"DATA","offset":2,"count":2,"total_ns":20}]})",
      "{}");
  ASSERT_TRUE(found);
  ASSERT_EQ(found->exits.size(), 1U);
  EXPECT_EQ(found->exits[0].count, 3U);
  EXPECT_EQ(found->exits[0].total_ns, 30U);
}

TEST(TopSample, NamesMoveNoCursor) {
  const auto found =
      parse_top_sample(0s, kVm, R"({"registers":[{"device":"a\u001b[2Jb","count":1}]})", "{}");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->exits.at(0).device, "a?[2Jb");
}

}  // namespace
}  // namespace skiff
