#include "vmm/bench/figures.h"

#include <gtest/gtest.h>

#include "tests/unit/bench/bench_samples.h"

namespace skiff::bench {
namespace {

TEST(BenchFigures, NumbersPerRequest) {
  const Figures figures = figures_of(test::sample_run());
  const auto value = [&figures](Metric metric) { return figures.metrics[metric].value_or(-1); };
  EXPECT_DOUBLE_EQ(value(Metric::p50_ns), 10'000);
  EXPECT_DOUBLE_EQ(value(Metric::p90_ns), 12'000);
  EXPECT_DOUBLE_EQ(value(Metric::p99_ns), 20'000);
  EXPECT_DOUBLE_EQ(value(Metric::p999_ns), 40'000);
  EXPECT_DOUBLE_EQ(value(Metric::requests_per_second), 100'000);
  EXPECT_DOUBLE_EQ(value(Metric::megabytes_per_second), 409.6);
  EXPECT_DOUBLE_EQ(value(Metric::user_exits), 5);  // 100 + 400, without COM1's 10
  EXPECT_DOUBLE_EQ(value(Metric::kvm_exits), 6);   // 610 - 10
  EXPECT_DOUBLE_EQ(value(Metric::kernel_exits), 1);
  EXPECT_DOUBLE_EQ(value(Metric::skiff_ns), 900);  // (10,000 + 80,000) / 100
  EXPECT_DOUBLE_EQ(value(Metric::interrupts), 0.5);
  EXPECT_DOUBLE_EQ(value(Metric::kicks), 1);
  EXPECT_DOUBLE_EQ(value(Metric::vcpu_user_us), 3);  // 400 us, three ticks of four
  EXPECT_DOUBLE_EQ(value(Metric::vcpu_kernel_us), 1);
  EXPECT_DOUBLE_EQ(value(Metric::io_us), 1);
  EXPECT_DOUBLE_EQ(value(Metric::other_us), 0);
}

TEST(BenchFigures, RowsOfExitsAndThreads) {
  const Figures figures = figures_of(test::sample_run());
  ASSERT_EQ(figures.exits.size(), 2U);
  EXPECT_EQ(figures.exits[0].reg, "DATA");
  EXPECT_DOUBLE_EQ(figures.exits[0].per_request, 4);
  EXPECT_DOUBLE_EQ(figures.exits[0].ns, 200);
  EXPECT_EQ(figures.exits[1].reg, "STATUS");
  EXPECT_DOUBLE_EQ(figures.exits[1].per_request, 1);
  ASSERT_EQ(figures.threads.size(), 2U);  // the main thread did nothing
  EXPECT_EQ(figures.threads[0].name, "vcpu0");
  ASSERT_EQ(figures.kvm.size(), 2U);
  EXPECT_DOUBLE_EQ(figures.kvm[1].per_request, 0.5);
}

TEST(BenchFigures, KicksThatTheGuestDoesNotTellAreNoZero) {
  CellRun run = test::sample_run();
  run.done.kicks.reset();
  EXPECT_FALSE(figures_of(run).metrics[Metric::kicks].has_value());
}

TEST(BenchFigures, TheScratchRegisterOfCom1IsNoTalk) {
  EXPECT_TRUE(
      is_talk({.reason = "port I/O", .device = "com1", .reg = "THR", .direction = "write"}));
  EXPECT_FALSE(
      is_talk({.reason = "port I/O", .device = "com1", .reg = "SCR", .direction = "write"}));
  EXPECT_FALSE(
      is_talk({.reason = "port I/O", .device = "com2", .reg = "THR", .direction = "write"}));
}

TEST(BenchFigures, Com1CountsWhereItIsWhatIsMeasured) {
  const Figures figures = figures_of(test::sample_run(), true);
  EXPECT_DOUBLE_EQ(*figures.metrics[Metric::user_exits], 5.1);
  EXPECT_DOUBLE_EQ(*figures.metrics[Metric::kvm_exits], 6.1);
  EXPECT_DOUBLE_EQ(*figures.metrics[Metric::kernel_exits], 1);
}

TEST(BenchFigures, NothingIsDividedByNothing) {
  CellRun run = test::sample_run();
  run.done.requests = 0;
  EXPECT_FALSE(figures_of(run).metrics[Metric::p50_ns]);
  run = test::sample_run();
  run.tsc_khz = 0;
  run.done.cycles = 0;
  run.done.bytes = 0;
  const Figures figures = figures_of(run);
  EXPECT_EQ(figures.metrics[Metric::p50_ns], 0);
  EXPECT_FALSE(figures.metrics[Metric::requests_per_second]);
  EXPECT_FALSE(figures.metrics[Metric::megabytes_per_second]);
}

TEST(BenchFigures, CountersThatGoBackwardsCountAsNothing) {
  CellRun run = test::sample_run();
  std::swap(run.before, run.after);
  const Figures figures = figures_of(run);
  EXPECT_EQ(figures.metrics[Metric::user_exits], 0);
  EXPECT_EQ(figures.metrics[Metric::vcpu_user_us], 0);
  EXPECT_FALSE(figures.metrics[Metric::kvm_exits]);
}

TEST(BenchFigures, WhereInstructionsWereCountedNothingElseIs) {
  CellRun run = test::sample_run();
  run.instructions = {900, 5000, 880};
  const auto metrics = figures_of(run).metrics;
  EXPECT_EQ(metrics[Metric::instructions], 900);
  EXPECT_FALSE(metrics[Metric::p50_ns]);
  EXPECT_FALSE(metrics[Metric::requests_per_second]);
  EXPECT_FALSE(figures_of(test::sample_run()).metrics[Metric::instructions]);
}

TEST(BenchFigures, AnotherMonitorHasNoLedger) {
  CellRun run = test::sample_run();
  run.before.has_ledger = run.after.has_ledger = false;
  const Figures figures = figures_of(run);
  EXPECT_FALSE(figures.metrics[Metric::user_exits]);
  EXPECT_TRUE(figures.exits.empty());
  EXPECT_TRUE(figures.metrics[Metric::vcpu_user_us]);
}

TEST(BenchFigures, ThreadsHaveRolesByTheirNames) {
  EXPECT_EQ(role_of("vcpu0"), ThreadRole::vcpu);
  EXPECT_EQ(role_of("CPU 0/KVM"), ThreadRole::vcpu);
  EXPECT_EQ(role_of("skiff/io"), ThreadRole::io);
  EXPECT_EQ(role_of("IO io"), ThreadRole::io);
  EXPECT_EQ(role_of("fc_vcpu 0"), ThreadRole::vcpu);
  EXPECT_EQ(role_of("firecracker"), ThreadRole::io);
  EXPECT_EQ(role_of("_disk0_q0"), ThreadRole::io);
  EXPECT_EQ(role_of("iou-wrk-4711"), ThreadRole::io);
  EXPECT_EQ(role_of("skiff"), ThreadRole::other);
  EXPECT_EQ(role_of("qemu-system-x86"), ThreadRole::other);
}

// They have the number of whom they work for in their names, another at each start.
TEST(BenchFigures, TheKernelsWorkersAreOneRow) {
  CellRun run = test::sample_run();
  run.after.threads.push_back({20, "iou-wrk-4711", 100'000, 0, 10'000'000});
  run.after.threads.push_back({21, "iou-wrk-4711", 200'000, 0, 10'000'000});
  const Figures figures = figures_of(run);
  ASSERT_EQ(figures.threads.size(), 3U);
  EXPECT_EQ(figures.threads[2].name, "iou-wrk");
  EXPECT_DOUBLE_EQ(figures.threads[2].kernel_us, 3);
  EXPECT_DOUBLE_EQ(*figures.metrics[Metric::io_us], 4);
}

}  // namespace
}  // namespace skiff::bench
