// bench-disk on every face of a disk: its lines, its counts, and that bytes go there and back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/kvm/bench/bench_machine.h"
#include "tests/kvm/require_kvm.h"

namespace skiff::test {
namespace {

using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;

constexpr std::uint64_t kRequests = 12;

struct DiskWay {
  std::string face;    // in the configuration
  std::string words;   // of the guest's command line
  std::string name{};  // of the face as the guest says it; empty: as the configuration
  bool one_at_a_time = false;
  bool slow_writes = false;  // an exit for each element that goes out
};
void PrintTo(const DiskWay& way, std::ostream* stream) {
  *stream << way.face << ' ' << way.words;
}

class BenchDisk : public testing::TestWithParam<DiskWay> {
 protected:
  void SetUp() override { SKIFF_REQUIRE_KVM(); }

  static std::string devices() {
    return "[[disk]]\nbackend = \"memory\"\nsize = \"16M\"\nface = \"" + GetParam().face + "\"\n" +
           (GetParam().face.starts_with("virtio") ? "ring = \"packed\"\n" : "");
  }
  BenchRun run(const std::string& words) const {
    return run_bench(folder_, "bench-disk",
                     "requests=" + std::to_string(kRequests) + " " + GetParam().words + " " + words,
                     devices());
  }
  static void expect_cell(const BenchLines& lines, const std::string& name, std::uint64_t bytes) {
    ASSERT_TRUE(lines.cells.contains(name)) << name;
    const BenchCellLines& cell = lines.cells.at(name);
    EXPECT_EQ(cell.face, GetParam().name.empty() ? GetParam().face : GetParam().name);
    EXPECT_EQ(cell.requests, kRequests);
    EXPECT_EQ(cell.bytes, kRequests * bytes);
    EXPECT_EQ(cell.failed, 0U);
    // None at all where the device looks at the ring sooner than the driver comes to knock.
    EXPECT_LE(cell.kicks, kRequests);
    // Each has its own place in the time of all, at depth 1.
    if (name.ends_with("-d1")) {
      std::uint64_t least = 0;
      for (const auto& [low, count] : cell.histogram)
        least += low * count;
      EXPECT_LE(least, cell.cycles);
    }
    if (GetParam().words.find("irq=poll") != std::string::npos) {
      EXPECT_EQ(cell.interrupts, 0U);
    } else if (name.ends_with("-d1")) {
      // Two completions may share what the driver learns from a wire.
      EXPECT_GE(cell.interrupts, kRequests / 2);
    } else {  // where another wake-up found them all, the last one's comes late
      EXPECT_LE(cell.interrupts, 2 * kRequests);
    }
  }

  const TemporaryFolder folder_;
};

TEST_P(BenchDisk, SaysWhatItDid) {
  const BenchRun done = run("cells=read-4096-d1,read-65536-d4,write-512-d32,read-1048576-d1");
  EXPECT_THAT(done.lines.failed, IsEmpty()) << done.said;
  expect_cell(done.lines, "read-4096-d1", 4096);
  expect_cell(done.lines, "read-1048576-d1", 1048576);
  if (GetParam().one_at_a_time) {
    EXPECT_THAT(done.lines.skipped,
                UnorderedElementsAre(Pair("read-65536-d4", "one_request_at_a_time"),
                                     Pair("write-512-d32", "one_request_at_a_time")));
    EXPECT_EQ(done.lines.cells.size(), 2U);
  } else {
    expect_cell(done.lines, "read-65536-d4", 65536);
    expect_cell(done.lines, "write-512-d32", 512);
    EXPECT_THAT(done.lines.skipped, IsEmpty());
    EXPECT_EQ(done.lines.cells.size(), 4U);
  }
}

TEST_P(BenchDisk, WhatItWritesIsThere) {
  const BenchRun done =
      run(GetParam().slow_writes ? "verify cells=write-512-d1"
                                 : "verify cells=write-512-d1,write-65536-d1,write-1048576-d1");
  EXPECT_THAT(done.lines.failed, IsEmpty()) << done.said;
  expect_cell(done.lines, "write-512-d1", 512);
  if (!GetParam().slow_writes) expect_cell(done.lines, "write-1048576-d1", 1048576);
}

INSTANTIATE_TEST_SUITE_P(
    Ways, BenchDisk,
    testing::Values(
        DiskWay{"virtio", "irq=poll", "virtio-pci"},
        DiskWay{"virtio", "irq=msix ring=packed", "virtio-pci"},
        DiskWay{"virtio", "irq=msix no-event-idx no-indirect", "virtio-pci"},
        DiskWay{"virtio", "irq=line random", "virtio-pci"}, DiskWay{"virtio-mmio", "irq=line"},
        DiskWay{"virtio-mmio", "irq=poll ring=packed"}, DiskWay{"nvme", "irq=poll no-shadow"},
        DiskWay{"nvme", "irq=poll shadow"}, DiskWay{"nvme", "irq=msix shadow"},
        DiskWay{"nvme", "irq=msix no-shadow random"}, DiskWay{"nvme", "irq=line no-shadow"},
        DiskWay{"ide", "mode=dma irq=line", {}, true},
        DiskWay{"ide", "mode=dma irq=poll", {}, true},
        DiskWay{"ide", "mode=pio irq=line", {}, true, true},
        DiskWay{"ide", "mode=pio irq=poll", {}, true, true}),
    [](const auto& way) { return test_name(way.param.face + "_" + way.param.words); });

class BenchDiskCells : public testing::Test {
 protected:
  void SetUp() override { SKIFF_REQUIRE_KVM(); }
  const TemporaryFolder folder_;
};

TEST_F(BenchDiskCells, SkipsWhatTheDiskCannotDo) {
  const BenchRun done = run_bench(
      folder_, "bench-disk", "requests=4 cells=write-4096-d1,read-512-d1,nothing",
      "[[disk]]\nbackend = \"memory\"\nsize = \"16M\"\nread_only = true\nblock_size = 4096\n");
  EXPECT_THAT(done.lines.cells, IsEmpty()) << done.said;
  EXPECT_THAT(done.lines.skipped, UnorderedElementsAre(Pair("write-4096-d1", "read_only"),
                                                       Pair("read-512-d1", "blocks_are_larger"),
                                                       Pair("nothing", "no_such_cell")));
}

TEST_F(BenchDiskCells, SaysThatThereIsNoDisk) {
  const BenchRun done = run_bench(folder_, "bench-disk", "", "");
  EXPECT_THAT(done.lines.cells, IsEmpty());
  EXPECT_EQ(done.lines.skipped.size(), 24U);
  EXPECT_EQ(done.lines.skipped.at("read-512-d1"), "no_such_device");
}

TEST_F(BenchDiskCells, PicksTheFaceThatItIsTold) {
  const std::string disk = "[[disk]]\nbackend = \"memory\"\nsize = \"1M\"\nface = ";
  const std::string devices = disk + "\"ide\"\n" + disk + "\"nvme\"\n" + disk + "\"virtio\"\n";
  for (const std::string face : {"ide", "nvme", "virtio-pci"}) {
    const BenchRun done =
        run_bench(folder_, "bench-disk", "requests=2 cells=read-4096-d1 face=" + face, devices);
    ASSERT_TRUE(done.lines.cells.contains("read-4096-d1")) << done.said;
    EXPECT_EQ(done.lines.cells.at("read-4096-d1").face, face);
  }
}

TEST_F(BenchDiskCells, AsManyRequestsAsFillTheTime) {
  const BenchRun done = run_bench(folder_, "bench-disk", "cells=read-4096-d4",
                                  "[[disk]]\nbackend = \"memory\"\nsize = \"1M\"\n");
  EXPECT_GE(done.lines.cells.at("read-4096-d4").requests, 3U) << done.said;
}

}  // namespace
}  // namespace skiff::test
