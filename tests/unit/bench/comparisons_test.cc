#include "vmm/bench/comparisons.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/bench/bench_samples.h"
#include "vmm/bench/report_text.h"

namespace skiff::bench {
namespace {

using testing::HasSubstr;
using testing::Not;

const Comparison* find(const std::vector<Comparison>& all, const std::string& title) {
  for (const Comparison& one : all) {
    if (one.title == title) return &one;
  }
  return nullptr;
}

TEST(BenchComparisons, SaysHowMuchLongerAndWhatTheExitsAreOfIt) {
  const auto all = compare_cells(test::sample_report());
  const Comparison* const pio = find(all, "disk: ide,pio against virtio-pci");
  ASSERT_NE(pio, nullptr);
  EXPECT_THAT(pio->text, HasSubstr("4 KiB reads, one at a time"));
  EXPECT_THAT(pio->text, HasSubstr("takes 121 us a request"));
  EXPECT_THAT(pio->text, HasSubstr("6.0 times as long"));
  EXPECT_THAT(pio->text, HasSubstr("9.00 times a request (9.00 disk0.DATA reads) instead of 0"));
  // 9 exits at 10.1 us are 90.9 of 100.9 us.
  EXPECT_THAT(pio->text, HasSubstr("those are 90.9 us of the 101 us between them (90 %)"));
  EXPECT_THAT(pio->text, HasSubstr("6.00 us for it instead of 6.00"));
  ASSERT_EQ(pio->ids.size(), 2U);
  EXPECT_EQ(pio->ids[0], "disk/ide,pio/memory/read-4096-d1");
}

TEST(BenchComparisons, ADifferenceWithinTheNoiseIsNone) {
  Report report = test::sample_report();
  report.cells.push_back(test::sample_cell(test::sample_name("virtio-pci,packed/memory"),
                                           {20'050, 20'150, 20'300}, 0));
  const auto all = compare_cells(report);
  const Comparison* const packed = find(all, "disk: virtio-pci,packed against virtio-pci");
  ASSERT_NE(packed, nullptr);
  EXPECT_THAT(packed->text, HasSubstr("no more than the runs differ among themselves"));
  EXPECT_THAT(packed->text, Not(HasSubstr("times as")));
}

TEST(BenchComparisons, OnlyWhatWasMeasuredIsCompared) {
  Report report = test::sample_report();
  report.cells.erase(report.cells.begin() + 2);  // virtio-pci
  EXPECT_EQ(find(compare_cells(report), "disk: ide,pio against virtio-pci"), nullptr);
  EXPECT_TRUE(compare_cells(Report{}).empty());
}

TEST(BenchComparisons, WithoutTheDoorbellsNoCauseIsGiven) {
  Report report = test::sample_report();
  report.cells.erase(report.cells.begin(), report.cells.begin() + 2);
  const auto all = compare_cells(report);
  ASSERT_EQ(all.size(), 1U);
  EXPECT_THAT(all[0].text, Not(HasSubstr("for an exit to Skiff and back")));
}

TEST(BenchComparisons, TheDoorbellsAreAParagraphOfTheirOwn) {
  Report report = test::sample_report();
  report.cells.push_back(test::sample_cell({"doorbell", "kernel", "hlt-irq"}, {900, 1'000, 1'100}));
  const auto all = compare_cells(report);
  ASSERT_NE(find(all, "doorbell: the ways to be heard"), nullptr);
  EXPECT_THAT(all[0].text, HasSubstr("ioeventfd-mmio: 1.00 us, 10 times as fast, with 0 exits"));
  EXPECT_THAT(all[0].text, Not(HasSubstr("hlt-irq"))) << "there the guest is told";
}

TEST(BenchComparisons, WhereThereAreNoPortsARegisterIsThePlainExit) {
  Report report{.skiff_version = {}, .started = {}, .selection = {}};
  report.cells = {test::sample_cell({"doorbell", "gicv3", "mmio-write"}, {10'000, 10'100, 10'200}),
                  test::sample_cell({"doorbell", "gicv3", "ioeventfd-mmio"}, {1000, 1000, 1010}, 0),
                  test::sample_cell({"doorbell", "gicv2", "mmio-write"}, {70'000, 70'000, 70'000})};
  EXPECT_EQ(exit_cost_ns(report), 10'100);
  const auto all = compare_cells(report);
  ASSERT_EQ(all.size(), 1U);
  EXPECT_THAT(all[0].text, HasSubstr("A write to a register that Skiff answers takes the guest"));
  EXPECT_THAT(all[0].text, HasSubstr("ioeventfd-mmio: 1.00 us, 10 times as fast"));
  EXPECT_THAT(all[0].text, Not(HasSubstr("70"))) << "another machine's";
}

TEST(BenchComparisons, AnotherMonitorIsComparedOverAllCells) {
  Report report = test::sample_report();
  CellReport slower =
      test::sample_cell(test::sample_name("virtio-pci/memory"), {40'000, 40'200, 40'400}, 0);
  slower.monitor = "qemu";
  CellReport alike =
      test::sample_cell({"doorbell", "kernel", "port-write"}, {10'050, 10'100, 10'250});
  alike.monitor = "qemu";
  report.cells.push_back(slower);
  report.cells.push_back(alike);
  const auto all = compare_cells(report);
  const Comparison* const rival = find(all, "Skiff against qemu");
  ASSERT_NE(rival, nullptr);
  EXPECT_THAT(rival->text,
              HasSubstr("Of 2 cells Skiff is faster in 1, slower in 0, and 1 differ by no more"));
  EXPECT_THAT(rival->text, HasSubstr("disk/virtio-pci/memory/read-4096-d1 2.00"));
}

TEST(BenchComparisons, CountedInstructionsAreAParagraphAndAColumn) {
  Report report{.skiff_version = {}, .started = {}, .selection = {}};
  const auto counted = [](const char* monitor, double instructions) {
    CellReport cell{.name = {.group = "doorbell", .setup = "kernel", .cell = "port-write"},
                    .monitor = monitor};
    cell.runs = 1;
    cell.metrics[Metric::instructions] = stat_of(std::vector<double>{instructions});
    return cell;
  };
  report.cells = {counted("skiff", 800), counted("qemu", 2000)};
  const auto comparisons = compare_cells(report);
  ASSERT_EQ(comparisons.size(), 1U) << "nothing was timed";
  EXPECT_THAT(comparisons[0].text,
              HasSubstr("doorbell/kernel/port-write: 800 against 2,000, 2.5 times as many"));
  const std::string table = to_table(report);
  EXPECT_THAT(table, HasSubstr("instructions"));
  EXPECT_THAT(table, Not(HasSubstr("req/s")));
}

TEST(BenchComparisons, CellsInWordsAndByWhatTheyAreCompared) {
  EXPECT_EQ(cell_words("read-4096-d1"), "4 KiB reads, one at a time");
  EXPECT_EQ(cell_words("write-1048576-d32"), "1 MiB writes, 32 at once");
  EXPECT_EQ(cell_words("read-512-d4"), "512 byte reads, 4 at once");
  EXPECT_EQ(cell_words("hlt-irq"), "hlt-irq");
  EXPECT_EQ(telling_metric({"disk", "x", "read-4096-d1"}), Metric::p50_ns);
  EXPECT_EQ(telling_metric({"disk", "x", "read-4096-d32"}), Metric::requests_per_second);
  EXPECT_EQ(telling_metric({"doorbell", "x", "ipi"}), Metric::p50_ns);
  EXPECT_EQ(telling_metric({"net", "x", "pingpong-64"}), Metric::p50_ns);
  EXPECT_EQ(telling_metric({"net", "x", "transmit-64"}), Metric::requests_per_second);
}

}  // namespace
}  // namespace skiff::bench
