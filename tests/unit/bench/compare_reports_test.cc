#include "vmm/bench/compare_reports.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/bench/bench_samples.h"

namespace skiff::bench {
namespace {

using testing::HasSubstr;
using testing::Not;

Report report_of(const std::vector<double>& p50, double exits = 1) {
  Report report{.skiff_version = {}, .started = "t", .selection = {}};
  report.wanted_runs = p50.size();
  report.cells.push_back(test::sample_cell(test::sample_name(), p50, exits));
  return report;
}

const Change* find(const std::vector<Change>& changes, Metric metric) {
  for (const Change& change : changes) {
    if (change.metric == metric) return &change;
  }
  return nullptr;
}

TEST(CompareReports, WhatDiffersByMoreThanNoiseIsBetterOrWorse) {
  const auto changes = changes_of(report_of({100, 101, 102}), report_of({120, 121, 122}));
  const Change* const time = find(changes, Metric::p50_ns);
  ASSERT_NE(time, nullptr);
  EXPECT_EQ(time->verdict, Verdict::worse);
  EXPECT_NEAR(time->share(), 0.198, 0.001);
  const Change* const rate = find(changes, Metric::requests_per_second);
  ASSERT_NE(rate, nullptr);
  EXPECT_EQ(rate->verdict, Verdict::worse) << "fewer requests a second are worse";
  const auto back = changes_of(report_of({120, 121, 122}), report_of({100, 101, 102}));
  EXPECT_EQ(find(back, Metric::p50_ns)->verdict, Verdict::better);
  EXPECT_EQ(find(back, Metric::requests_per_second)->verdict, Verdict::better);
}

TEST(CompareReports, RangesThatTouchAreNoise) {
  EXPECT_TRUE(changes_of(report_of({100, 110, 120}), report_of({118, 130, 140})).empty());
}

TEST(CompareReports, LessThanTwoPercentIsNoChange) {
  EXPECT_TRUE(changes_of(report_of({100, 100, 100}), report_of({101, 101, 101})).empty());
}

TEST(CompareReports, AnExitThatWasNotThereIsNewAndAStrayOneIsNot) {
  const auto changes = changes_of(report_of({100}, 0), report_of({100}, 1));
  const Change* const exits = find(changes, Metric::user_exits);
  ASSERT_NE(exits, nullptr);
  EXPECT_EQ(exits->verdict, Verdict::worse);
  EXPECT_THAT(compare_reports_text(report_of({100}, 0), report_of({100}, 1)), HasSubstr("new"));
  EXPECT_EQ(find(changes_of(report_of({100}, 0), report_of({100}, 0.005)), Metric::user_exits),
            nullptr);
}

TEST(CompareReports, TheTextSaysWhatCannotBeCompared) {
  Report before = report_of({100, 101, 102});
  Report after = report_of({100, 101, 102});
  before.host = {{"kernel", "6.1"}, {"load at the start", "1"}};
  after.host = {{"kernel", "6.2"}, {"load at the start", "2"}};
  before.cells.push_back(test::sample_cell(test::sample_name("nvme/memory"), {1, 1, 1}));
  const std::string text = compare_reports_text(before, after);
  EXPECT_THAT(text, HasSubstr("no number differs by more"));
  EXPECT_THAT(text, HasSubstr("1 cells in both"));
  EXPECT_THAT(text, HasSubstr("kernel was \"6.1\", now \"6.2\""));
  EXPECT_THAT(text, Not(HasSubstr("load at")));
  EXPECT_THAT(text, HasSubstr("1 cells have numbers only before"));
  EXPECT_THAT(compare_reports_text(report_of({100}), after), HasSubstr("fewer than three runs"));
}

}  // namespace
}  // namespace skiff::bench
