#include "vmm/bench/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/bench/bench_samples.h"
#include "vmm/bench/report_text.h"

namespace skiff::bench {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

TEST(BenchReport, MediansOverRunsAndLatenciesOfAllTogether) {
  const CellReport cell = make_cell_report(
      test::sample_name(), "skiff",
      {test::sample_run("read-4096-d1", 20'000), test::sample_run("read-4096-d1", 22'000),
       test::sample_run("read-4096-d1", 21'000)});
  EXPECT_EQ(cell.runs, 3U);
  EXPECT_EQ(cell.requests, 100U);
  EXPECT_EQ(cell.value(Metric::p50_ns), 10'500);
  EXPECT_EQ(cell.metrics[Metric::p50_ns]->least, 10'000);
  EXPECT_EQ(cell.value(Metric::user_exits), 5);
  ASSERT_EQ(cell.latency.size(), 3U);
  EXPECT_EQ(cell.latency[0].first, 9000);
  EXPECT_EQ(cell.latency[0].second, 180U);
  EXPECT_FALSE(cell.is_noisy());
}

TEST(BenchReport, RequestsAreThoseOfTheRunThatMeasuredFewest) {
  CellRun few = test::sample_run();
  few.done.requests = 3;
  const CellReport cell =
      make_cell_report(test::sample_name(), "skiff", {test::sample_run(), few, test::sample_run()});
  EXPECT_EQ(cell.requests, 3U);
}

TEST(BenchReport, ARunWithoutARowCountsAsZeroInItsMedian) {
  CellRun without = test::sample_run();
  without.after.exits.erase(without.after.exits.begin() + 1);
  const CellReport cell =
      make_cell_report(test::sample_name(), "skiff", {test::sample_run(), without, without});
  ASSERT_EQ(cell.exits.size(), 2U);
  EXPECT_EQ(cell.exits[0].reg, "STATUS");
  EXPECT_EQ(cell.exits[1].reg, "DATA");
  EXPECT_EQ(cell.exits[1].per_request, 0);
}

TEST(BenchReport, MoreThanATenthBetweenRunsIsNoisyAndSaid) {
  Report report;
  report.cells.push_back(test::sample_cell(test::sample_name(), {100, 105, 110}));
  EXPECT_FALSE(report.cells[0].is_noisy());  // 10 of 105
  EXPECT_THAT(warnings_of(report), IsEmpty());
  report.cells.push_back(test::sample_cell(test::sample_name(), {100, 105, 111}));
  EXPECT_TRUE(report.cells[1].is_noisy());
  EXPECT_THAT(warnings_of(report), Contains(HasSubstr("1 of 2 cells (marked ~)")));
}

TEST(BenchReport, WhatFailedIsSaidAndWhatWasSkippedIsNot) {
  Report report;
  CellRun failed{.cell = "read-4096-d1", .trouble = "timed out"};
  report.cells.push_back(make_cell_report(test::sample_name(), "skiff", {failed}));
  EXPECT_FALSE(report.cells[0].has_numbers());
  EXPECT_THAT(warnings_of(report), Contains(HasSubstr("failed: timed out")));
  report.cells[0] = make_cell_report(test::sample_name(), "skiff", {test::sample_run(), failed});
  EXPECT_EQ(report.cells[0].runs, 1U);
  EXPECT_THAT(warnings_of(report), Contains(HasSubstr("a run failed: timed out")));
  failed.is_skipped = true;
  report.cells[0] = make_cell_report(test::sample_name(), "skiff", {failed});
  EXPECT_THAT(warnings_of(report), IsEmpty());
  CellRun errors = test::sample_run();
  errors.done.failed = 3;
  report.cells[0] = make_cell_report(test::sample_name(), "skiff", {errors});
  EXPECT_THAT(warnings_of(report), Contains(HasSubstr("3 requests were answered with an error")));
  report.is_partial = true;
  EXPECT_THAT(warnings_of(report), Contains(HasSubstr("stopped before its end")));
}

TEST(BenchReport, NumbersHaveThreeDigitsAndTimesTheirUnit) {
  EXPECT_EQ(number_text(0), "0");
  EXPECT_EQ(number_text(0.0004), "~0");
  EXPECT_EQ(number_text(0.0314), "0.031");
  EXPECT_EQ(number_text(4.2), "4.20");
  EXPECT_EQ(number_text(42.06), "42.1");
  EXPECT_EQ(number_text(999), "999");
  EXPECT_EQ(number_text(1234567), "1,234,567");
  EXPECT_EQ(number_text(-123456), "-123,456");
  EXPECT_EQ(time_text(840), "840 ns");
  EXPECT_EQ(time_text(12'340), "12.3 us");
  EXPECT_EQ(time_text(1.2e6), "1.20 ms");
  EXPECT_EQ(time_text(2e9), "2.00 s");
}

TEST(BenchReport, TheTableHasEveryCellAndTheWords) {
  Report report = test::sample_report();
  CellRun skipped{.cell = "read-4096-d32", .trouble = "one request at a time", .is_skipped = true};
  report.cells.push_back(
      make_cell_report(test::sample_name("ide,pio/memory", "read-4096-d32"), "skiff", {skipped}));
  const std::string text = to_table(report);
  EXPECT_THAT(text, HasSubstr("kernel/port-write"));
  EXPECT_THAT(text, HasSubstr("ide,pio/memory/read-4096-d1"));
  EXPECT_THAT(text, HasSubstr("not measured: one request at a time"));
  EXPECT_THAT(text, HasSubstr("where the time went"));
  EXPECT_THAT(text, Not(HasSubstr("\nnet\n")));
}

TEST(BenchReport, LinesAreBrokenAtSpaces) {
  EXPECT_EQ(wrapped("one two three", 7, "  "), "one two\n  three\n");
  EXPECT_EQ(wrapped("averyverylongword", 5, " "), "averyverylongword\n");
}

}  // namespace
}  // namespace skiff::bench
