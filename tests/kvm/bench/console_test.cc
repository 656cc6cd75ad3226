// bench-console: COM1 and the virtio console, out and in.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "tests/kvm/bench/bench_machine.h"
#include "tests/kvm/require_kvm.h"

namespace skiff::test {
namespace {

constexpr std::uint64_t kWrites = 20;

class BenchConsole : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { SKIFF_REQUIRE_KVM(); }
  const TemporaryFolder folder_;
};

TEST_P(BenchConsole, ComOneOutAndIn) {
  SkiffProcess process(
      bench_arguments(folder_, "bench-console", "hold requests=20 bytes=48 " + GetParam(), ""));
  ASSERT_TRUE(process.expect_out("ready cell=out face=16550 requests=20\n")) << process.err();
  ASSERT_TRUE(process.send("g"));
  ASSERT_TRUE(wait_for_marks(process, 1));
  const std::string text = std::string(47, 'x') + "\n";
  // A tenth for warm-up came before.
  EXPECT_EQ(std::ranges::count(process.out(), 'x') % 47, 0);
  EXPECT_TRUE(process.out().ends_with(text + "!")) << process.out();
  ASSERT_TRUE(process.send("g"));
  ASSERT_TRUE(process.expect_out("want cell=in face=16550 requests=2 bytes=96\n"));
  ASSERT_TRUE(process.send(std::string(96, 'y')));
  ASSERT_TRUE(process.expect_out("ready cell=in face=16550 requests=20\n")) << process.out();
  ASSERT_TRUE(process.send("g" + std::string(kWrites * 48, 'y')));
  ASSERT_TRUE(wait_for_marks(process, 2)) << process.out();
  ASSERT_TRUE(process.send("g"));
  EXPECT_EQ(process.wait(), 0) << process.out();
  const BenchLines lines = read_bench_lines(process.out(), "bench-console");
  EXPECT_EQ(lines.error, "") << process.out();
  EXPECT_EQ(lines.cells.at("out").bytes, kWrites * 48);
  EXPECT_EQ(lines.cells.at("in").bytes, kWrites * 48);
  EXPECT_EQ(lines.cells.at("out").kicks, 0U);
}

INSTANTIATE_TEST_SUITE_P(Ways, BenchConsole,
                         testing::Values("mode=byte", "mode=fifo", "mode=string",
                                         "mode=fifo irq=poll"),
                         [](const auto& way) { return test_name(way.param); });

class BenchVirtioConsole : public BenchConsole {};

TEST_P(BenchVirtioConsole, Out) {
  const BenchRun done =
      run_bench(folder_, "bench-console", "face=virtio-console cells=out requests=20 " + GetParam(),
                "[[virtio_console]]\npath = \"" + folder_.file("port") +
                    "\"\nring = \"packed\"\n[[serial]]\ntarget = \"console\"\n");
  const BenchCellLines& cell = done.lines.cells.at("out");
  EXPECT_EQ(cell.face, "virtio-console");
  EXPECT_EQ(cell.kicks, kWrites);
  if (GetParam().find("irq=poll") != std::string::npos) {
    EXPECT_EQ(cell.interrupts, 0U) << done.said;
  } else {  // two may share what the driver learns from a wire
    EXPECT_GE(cell.interrupts, kWrites / 2) << done.said;
  }
  // And a tenth of them for warm-up.
  EXPECT_EQ(read_file(folder_.file("port")).size(), (kWrites + 2) * 64);
}

TEST_P(BenchVirtioConsole, In) {
  const std::string com1 = folder_.file("com1");
  SkiffProcess process(bench_arguments(
      folder_, "bench-console", "face=virtio-console cells=in requests=20 " + GetParam(),
      "[[virtio_console]]\ntarget = \"console\"\nring = \"packed\"\n[[serial]]\npath = \"" + com1 +
          "\"\n"));
  const auto wait_for = [&](const std::string& text) {
    const auto end = std::chrono::steady_clock::now() + kPatience;
    while (std::chrono::steady_clock::now() < end) {
      if (read_file(com1).find(text) != std::string::npos) return true;
      std::this_thread::sleep_for(10ms);
    }
    return false;
  };
  ASSERT_TRUE(wait_for("want cell=in face=virtio-console requests=2 bytes=128\n")) << process.err();
  ASSERT_TRUE(process.send(std::string(128, 'y')));
  ASSERT_TRUE(wait_for("ready cell=in")) << read_file(com1);
  ASSERT_TRUE(process.send(std::string(kWrites * 64, 'y')));
  EXPECT_EQ(process.wait(), 0) << process.err();
  const BenchLines lines = read_bench_lines(read_file(com1), "bench-console");
  EXPECT_EQ(lines.error, "") << read_file(com1);
  EXPECT_EQ(lines.cells.at("in").bytes, kWrites * 64);
}

INSTANTIATE_TEST_SUITE_P(Ways, BenchVirtioConsole,
                         testing::Values("irq=poll", "irq=msix", "irq=line ring=packed"),
                         [](const auto& way) { return test_name(way.param); });

}  // namespace
}  // namespace skiff::test
