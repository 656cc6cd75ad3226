// Several vCPUs on one channel while its disk works on a thread of its own.
#include <gtest/gtest.h>

#include <random>
#include <thread>

#include "tests/unit/ide/ide_fixture.h"
#include "tests/unit/virtio/core/thread_executor.h"

namespace skiff::ide_test {
namespace {

using ThreadedPc = Machine<ThreadExecutor>;

TEST(IdeRace, VcpusThatDoEverythingAtOnce) {
  ThreadedPc pc({64, 64});
  pc.prds({{0x8000, 512}, {0x9000, 4096}});
  std::vector<std::thread> vcpus;
  for (unsigned id = 0; id < 3; ++id) {
    vcpus.emplace_back([&pc, id] {
      std::mt19937 random(id);
      constexpr std::array<std::uint8_t, 6> kCommands = {0x20, 0x30, 0xc8, 0xca, 0xe7, 0xec};
      for (int step = 0; step < 4000; ++step) {
        const auto pick = [&random](unsigned below) {
          return static_cast<std::uint8_t>(random() % below);
        };
        const auto kind = pick(8);
        if (kind < 2) pc.lba28(kCommands[pick(6)], pick(64), pick(3));
        if (kind == 2) pc.start_dma(pick(2) == 0);
        if (kind == 3) pc.ins(0x1f0, 512);
        if (kind == 4) pc.outs(0x1f0, bytes_of_value(512, 0));
        if (kind == 5) pc.reg(ata::kStatus);
        if (kind == 6 && pick(8) == 0) {
          pc.control(ata::kSrst);
          pc.control(0);
        }
        if (kind == 7 && pick(16) == 0) pc.controller->reset();
      }
    });
  }
  for (std::thread& vcpu : vcpus)
    vcpu.join();
  pc.controller->reset();
  while ((pc.alt_status() & ata::kBsy) != 0)
    std::this_thread::yield();
  EXPECT_EQ(pc.alt_status(), kReady);
  EXPECT_FALSE(pc.irqs[0].level);
}

TEST(IdeRace, EveryInterruptArrivesAndEveryByteIsRight) {
  ThreadedPc pc;
  for (std::uint32_t round = 0; round < 200; ++round) {
    pc.prds({{0x8000, 4096}});
    pc.lba28(ata::kReadDma, round, 8);
    pc.start_dma(true);
    while ((pc.bm_status() & ide::kBmInterrupt) == 0)
      std::this_thread::yield();
    ASSERT_EQ(pc.reg(ata::kStatus), kReady);
    pc.out(kBm, ide::kBmToMemory);
    ASSERT_EQ(pc.ram(0x8000, 4096), pc.on_disk(round, 8));
  }
}

TEST(IdeRace, TheControllerEndsWhileTheDiskWorks) {
  for (int round = 0; round < 20; ++round) {
    ThreadedPc pc;
    pc.lba48(ata::kReadVerifyExt, 0, 4000);
    pc.controller.reset();
  }
}

}  // namespace
}  // namespace skiff::ide_test
