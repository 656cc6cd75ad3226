// What bench-linux makes of fio's report, and the lines it and the other bench programs say.
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "guest/lib/bench_lines.h"
#include "guest/linux/fio_report.h"

namespace skiff::test {
namespace {

// As fio 3.33 writes it, without the members that nobody reads.
constexpr const char* kReport = R"({
  "fio version" : "fio-3.33",
  "jobs" : [
    {
      "jobname" : "warm-up",
      "error" : 0,
      "read" : { "io_bytes" : 1, "runtime" : 1, "total_ios" : 1,
        "lat_ns" : { "min" : 5, "bins" : { "9" : 1 } } }
    },
    {
      "jobname" : "measured",
      "error" : 0,
      "read" : {
        "io_bytes" : 409600,
        "runtime" : 500,
        "total_ios" : 100,
        "slat_ns" : { "min" : 1, "max" : 2 },
        "clat_ns" : { "min" : 3, "max" : 4 },
        "lat_ns" : {
          "min" : 9000,
          "percentile" : { "1.000000" : 9024, "50.000000" : 9280 },
          "bins" : {
            "9024" : 60,
            "9280" : 39,
            "80384" : 1
          }
        }
      },
      "write" : { "io_bytes" : 0, "runtime" : 0, "total_ios" : 0,
        "lat_ns" : { "min" : 0, "bins" : { } } }
    }
  ]
})";

struct Found {
  std::string why;
  std::uint64_t requests = 0;
  BenchCounts counts{};
  std::unique_ptr<Histogram> latency = std::make_unique<Histogram>();
};

Found read(const std::string& text, const char* job = "measured", const char* direction = "read") {
  Found found;
  const char* const why =
      fio_report(text.c_str(), job, direction, &found.requests, &found.counts, found.latency.get());
  found.why = why == nullptr ? "" : why;
  return found;
}

TEST(FioReport, RequestsBytesTimeAndLatenciesOfTheJobAskedFor) {
  const Found found = read(kReport);
  EXPECT_EQ(found.why, "");
  EXPECT_EQ(found.requests, 100U);
  EXPECT_EQ(found.counts.bytes, 409'600U);
  EXPECT_EQ(found.counts.cycles, 500'000'000U);
  EXPECT_EQ(found.latency->total, 100U);
  EXPECT_EQ(found.latency->maximum, 80'384U);
  EXPECT_NEAR(static_cast<double>(histogram_quantile(found.latency.get(), 500)), 9024, 150);
}

TEST(FioReport, WhatIsMissingIsSaid) {
  EXPECT_EQ(read(kReport, "another").why, "fio_said_nothing_of_the_job");
  EXPECT_EQ(read(kReport, "measured", "write").why, "fio_measured_nothing");
  EXPECT_EQ(read(kReport, "measured", "trim").why, "fio_said_nothing_of_the_requests");
  std::string text = kReport;
  text.replace(text.rfind("\"error\" : 0"), 11, "\"error\" : 5");
  EXPECT_EQ(read(text).why, "fio_met_an_error");
}

// However short, nothing is read behind its end.
TEST(FioReport, AReportMayEndAnywhere) {
  const std::string text = kReport;
  for (std::size_t length = 0; length < text.size(); ++length) {
    const Found found = read(text.substr(0, length));
    EXPECT_LE(found.latency->total, 100U) << length;
  }
}

TEST(BenchLines, KicksAreLeftOutWhereTheyAreNotKnown) {
  auto latency = std::make_unique<Histogram>();
  histogram_clear(latency.get());
  histogram_add_many(latency.get(), 100, 7);
  std::string text(kBenchLinesRoom, 0);
  BenchCounts counts{.bytes = 1, .cycles = 2, .kicks = 3, .interrupts = 4, .failed = 5};
  const auto lines = [&] {
    return text.substr(0, bench_lines(text.data(), "a", 7, &counts, latency.get()));
  };
  EXPECT_EQ(lines(),
            "bench: done cell=a requests=7 bytes=1 cycles=2 kicks=3 interrupts=4 failed=5\n"
            "bench: latency cell=a p50=100 p90=100 p99=100 p999=100 max=100\n"
            "bench: histogram cell=a 100:7\n");
  counts.kicks = kKicksUntold;
  EXPECT_TRUE(lines().starts_with("bench: done cell=a requests=7 bytes=1 cycles=2 interrupts=4 "));
}

}  // namespace
}  // namespace skiff::test
