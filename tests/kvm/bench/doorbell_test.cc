// bench-doorbell: every cell, and waiting for whoever runs it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/kvm/bench/bench_machine.h"
#include "tests/kvm/require_kvm.h"

namespace skiff::test {
namespace {

using testing::IsEmpty;

constexpr std::uint64_t kWrites = 20;
constexpr const char* kDisk = "[[disk]]\nbackend = \"memory\"\nsize = \"1M\"\n";

class BenchDoorbell : public testing::Test {
 protected:
  void SetUp() override { SKIFF_REQUIRE_KVM(); }
  BenchRun run(const std::string& words, const std::string& devices) const {
    return run_bench(folder_, "bench-doorbell", "requests=20 " + words, devices);
  }
  const TemporaryFolder folder_;
};

TEST_F(BenchDoorbell, MeasuresEachCell) {
  const BenchRun done = run("", kDisk);
  EXPECT_THAT(done.lines.failed, IsEmpty()) << done.said;
  for (const std::string name :
       {"port-write", "mmio-write", "unclaimed-port", "ioeventfd-mmio", "hlt-irq", "ipi"}) {
    ASSERT_TRUE(done.lines.cells.contains(name)) << name << done.said;
    EXPECT_EQ(done.lines.cells.at(name).requests, kWrites);
    EXPECT_GT(done.lines.cells.at(name).latency.front(), 0U);
  }
  EXPECT_EQ(done.lines.cells.at("port-write").bytes, kWrites);
  EXPECT_EQ(done.lines.cells.at("mmio-write").bytes, 4 * kWrites);
  EXPECT_EQ(done.lines.cells.at("ioeventfd-mmio").kicks, kWrites);
  EXPECT_EQ(done.lines.cells.at("hlt-irq").interrupts, kWrites);
  EXPECT_EQ(done.lines.cells.at("ipi").interrupts, kWrites);
  EXPECT_EQ(done.lines.skipped.at("ioeventfd-port"), "no_device_takes_notifications_by_port");
  EXPECT_EQ(done.lines.skipped.at("coalesced-mmio"), "no_coalesced_zone_named");
  // A KVM that interprets the kernel's code refuses it; all others take it.
  EXPECT_TRUE(done.lines.cells.contains("hypercall") ||
              done.lines.skipped.at("hypercall") == "refused");
}

TEST_F(BenchDoorbell, SleepsByTheEightyTwoFiftyFourToo) {
  const BenchRun done = run("cells=hlt-irq timer=pit", "");
  EXPECT_EQ(done.lines.cells.at("hlt-irq").face, "pit") << done.said;
  EXPECT_EQ(done.lines.cells.at("hlt-irq").interrupts, kWrites);
}

TEST_F(BenchDoorbell, VirtioMmioHasItsRegistersToo) {
  const BenchRun done =
      run("cells=mmio-write,ioeventfd-mmio", std::string(kDisk) + "face = \"virtio-mmio\"\n");
  EXPECT_EQ(done.lines.cells.at("mmio-write").face, "virtio-mmio") << done.said;
  EXPECT_EQ(done.lines.cells.at("ioeventfd-mmio").bytes, 4 * kWrites);
}

TEST_F(BenchDoorbell, SkipsWhatNeedsAVirtioDevice) {
  const BenchRun done = run("cells=mmio-write,ioeventfd-mmio,unclaimed-port", "");
  EXPECT_EQ(done.lines.skipped.at("mmio-write"), "no_virtio_device") << done.said;
  EXPECT_EQ(done.lines.skipped.at("ioeventfd-mmio"), "no_virtio_device");
  EXPECT_EQ(done.lines.cells.size(), 1U);
}

TEST_F(BenchDoorbell, ANamedZoneIsWrittenTo) {
  // 1 MiB of the hole in which no device lies; nothing answers there.
  const BenchRun done = run("cells=coalesced-mmio coalesced=0xfd000000", "");
  EXPECT_EQ(done.lines.cells.at("coalesced-mmio").bytes, 4 * kWrites) << done.said;
}

TEST_F(BenchDoorbell, HoldsBeforeAndAfterEachMeasurement) {
  SkiffProcess process(
      bench_arguments(folder_, "bench-doorbell", "hold requests=20 cells=port-write,ipi", kDisk));
  unsigned marks = 0;
  for (const std::string name : {"port-write", "ipi"}) {
    ASSERT_TRUE(process.expect_out("ready cell=" + name)) << process.out() << process.err();
    process.run_for(300ms);
    EXPECT_FALSE(wait_for_marks(process, marks + 1, 0ms)) << "it did not wait before " << name;
    ASSERT_TRUE(process.send("g"));
    ASSERT_TRUE(wait_for_marks(process, ++marks));
    process.run_for(300ms);
    EXPECT_EQ(process.out().find("done cell=" + name), std::string::npos);
    ASSERT_TRUE(process.send("g"));
    ASSERT_TRUE(process.expect_out("histogram cell=" + name)) << process.out();
  }
  EXPECT_EQ(process.wait(), 0);
  const BenchLines lines = read_bench_lines(process.out(), "bench-doorbell");
  EXPECT_EQ(lines.error, "") << process.out();
  EXPECT_TRUE(lines.ended);
  EXPECT_EQ(lines.cells.size(), 2U);
}

}  // namespace
}  // namespace skiff::test
