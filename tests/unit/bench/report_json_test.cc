#include "vmm/bench/report_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "tests/unit/bench/bench_samples.h"
#include "vmm/bench/compare_reports.h"

namespace skiff::bench {
namespace {

namespace json = boost::json;
using testing::HasSubstr;

TEST(BenchJson, WhatIsWrittenIsReadBack) {
  Report report = test::sample_report();
  CellRun failed{.cell = "x", .trouble = "timed \"out\""};
  report.cells.push_back(make_cell_report(test::sample_name("nvme/memory"), "qemu", {failed}));
  std::string why;
  const auto back = parse_report(to_json(report), why);
  ASSERT_TRUE(back) << why;
  EXPECT_EQ(back->skiff_version, "1.2.3");
  EXPECT_EQ(back->wanted_runs, 3U);
  EXPECT_EQ(back->host, report.host);
  ASSERT_EQ(back->cells.size(), report.cells.size());
  EXPECT_EQ(back->cells[3].name, report.cells[3].name);
  EXPECT_EQ(back->cells[3].runs, 3U);
  EXPECT_EQ(back->cells[3].metrics[Metric::p50_ns]->least, 120'000);
  EXPECT_EQ(back->cells[4].monitor, "qemu");
  EXPECT_EQ(back->cells[4].trouble, "timed \"out\"");
  EXPECT_TRUE(changes_of(report, *back).empty());
}

TEST(BenchJson, EveryNumberOfACellIsThere) {
  Report report;
  report.cells.push_back(make_cell_report(test::sample_name(), "skiff", {test::sample_run()}));
  const json::value document = json::parse(to_json(report));
  EXPECT_EQ(document.at("schema").as_string(), "skiff-bench-1");
  const json::value& cell = document.at("cells").at(0);
  EXPECT_EQ(cell.at("id").as_string(), "disk/ide,pio/memory/read-4096-d1");
  for (const MetricSpec& spec : metric_specs()) {
    if (spec.metric == Metric::instructions) continue;  // counted instead of all others
    EXPECT_TRUE(cell.at("metrics").as_object().contains(std::string(spec.key))) << spec.key;
  }
  EXPECT_EQ(cell.at("exits").at(0).at("register").as_string(), "DATA");
  EXPECT_EQ(cell.at("kvm").at("halt_exits").to_number<double>(), 0.5);
  EXPECT_EQ(cell.at("threads").at(0).at("name").as_string(), "vcpu0");
  EXPECT_EQ(cell.at("latency_ns").at(0).at(1).to_number<int>(), 60);
}

TEST(BenchJson, WhatIsNoReportIsRefused) {
  for (const char* const text :
       {"", "{", "[]", "null", "{}", "{\"cells\": []}",
        "{\"schema\": \"skiff-stats-1\", \"cells\": []}", "{\"schema\": \"skiff-bench-1\"}",
        "{\"schema\": \"skiff-bench-1\", \"cells\": 7}"}) {
    std::string why;
    EXPECT_FALSE(parse_report(text, why)) << text;
    EXPECT_FALSE(why.empty()) << text;
  }
}

TEST(BenchJson, WhatIsOddInAReportIsLeftOut) {
  std::string why;
  const auto report = parse_report(
      R"({"schema": "skiff-bench-1", "runs": -3, "host": [1], "cells": [7, {"setup": 5, "runs": 1e300,
          "metrics": {"p50_ns": 5, "p90_ns": {"median": "x", "min": 3}, "nonsense": {}}}]})",
      why);
  ASSERT_TRUE(report) << why;
  EXPECT_EQ(report->wanted_runs, 0U);
  ASSERT_EQ(report->cells.size(), 1U);
  EXPECT_EQ(report->cells[0].runs, 0U);
  EXPECT_FALSE(report->cells[0].metrics[Metric::p50_ns]);
  EXPECT_EQ(report->cells[0].metrics[Metric::p90_ns]->least, 3);
}

}  // namespace
}  // namespace skiff::bench
