// Enabling, resets and shutdowns, with requests under way.
#include "tests/fakes/stalled_disk.h"
#include "tests/unit/nvme/nvme_fixture.h"

namespace skiff {
namespace {

using namespace nvme;

class NvmeLife : public NvmeFixture {
 protected:
  void start() {
    auto stalled = std::make_unique<StalledDisk>(kDiskSize);
    disk = stalled.get();
    create(std::move(stalled));
    enable();
    ASSERT_EQ(create_queue(1), ok);
  }
  void TearDown() override {
    // The last one's requests end with it.
    nvme.reset();
  }
  void complete_all() {
    while (!disk->requests.empty())
      disk->complete();
    disk->wake();
    clock.run();
  }

  StalledDisk* disk = nullptr;
};

TEST_F(NvmeLife, ReadyOnlyWhenItIs) {
  create();
  write(kAqa, 15U << 16 | 15);
  write(kAsq, kAdminSq, 8);
  write(kAcq, kAdminCq, 8);
  write(kCc, 1);
  EXPECT_EQ(csts(), 0U);
  clock.run();
  EXPECT_EQ(csts(), kCstsReady);
  write(kCc, 0);
  EXPECT_EQ(csts(), kCstsReady);
  clock.run();
  EXPECT_EQ(csts(), 0U);
}

TEST_F(NvmeLife, AResetWaitsForWhatIsUnderWay) {
  start();
  put(kData, "old");
  offer(1, transfer(kRead, 0, 1));
  ring_tail(1);
  clock.run();
  ASSERT_EQ(disk->requests.size(), 1U);
  write(kCc, 0);
  clock.run();
  EXPECT_EQ(csts() & kCstsReady, kCstsReady);
  EXPECT_EQ(text(kData, 3), "old");
  write(kCc, 0x0046'0001);  // too soon, but not lost
  clock.run();
  EXPECT_EQ(csts() & kCstsReady, kCstsReady);
  complete_all();
  EXPECT_EQ(text(kData, 3), "rrr");  // what was in flight is whole
  EXPECT_EQ(csts(), kCstsReady);
  // And it is a new controller: no queue 1, no old completion.
  rings[0] = {.sq = kAdminSq, .cq = kAdminCq};
  memory.fill(GuestAddress(kAdminCq), 0x1000, std::byte{0});
  EXPECT_FALSE(take(1));
  EXPECT_EQ(create_queue(1), ok);
}

TEST_F(NvmeLife, AShutdownFlushesBehindTheLastCommand) {
  start();
  offer(1, transfer(kWrite, 0, 1));
  ring_tail(1);
  clock.run();
  write(kCc, 0x0046'0001 | 1U << 14);
  clock.run();
  EXPECT_EQ(csts() & 0xc, kCstsShutdownBusy);
  ASSERT_EQ(disk->requests.size(), 1U);
  disk->complete();
  disk->wake();
  clock.run();
  EXPECT_TRUE(take(1));
  ASSERT_EQ(disk->requests.size(), 1U);
  EXPECT_EQ(disk->requests.front()->operation, DiskOperation::flush);
  EXPECT_EQ(csts() & 0xc, kCstsShutdownBusy);
  complete_all();
  EXPECT_EQ(csts(), kCstsReady | kCstsShutdownDone);
  offer(1, transfer(kRead, 0, 1));
  ring_tail(1);
  EXPECT_FALSE(wait(1));  // nothing more is taken
  disable();
  EXPECT_EQ(csts(), 0U);
  enable();
  EXPECT_EQ(csts(), kCstsReady);
  EXPECT_EQ(create_queue(1), ok);
}

// Rung between the service's last look and its sleep, wherever that is: it looks once more.
TEST_F(NvmeLife, ADoorbellAtTheLastMoment) {
  start();
  for (int moment = 1; moment < 8; ++moment) {
    for (const std::size_t queue : {0UL, 1UL}) {
      for (const std::size_t late : {0UL, 1UL}) {
        const Command admin{.opcode = kGetFeatures, .dw10 = kFeatureQueues};
        const Command write = transfer(kWrite, 0, 1);
        int asked = 0;
        disk->on_asked = [&] {
          if (++asked != moment) return;
          offer(late, late == 0 ? admin : write);
          ring_tail(late);
        };
        offer(queue, queue == 0 ? admin : write);
        ring_tail(queue);
        clock.run();
        disk->on_asked = nullptr;
        if (asked < moment) continue;
        EXPECT_EQ(disk->requests.size(), queue + late) << moment;
        complete_all();
        for (const std::size_t each : {queue, late})
          EXPECT_TRUE(take(each)) << moment;
      }
    }
    clock.run();
    complete_all();
    while (take(0) || take(1)) {
    }
  }
}

TEST_F(NvmeLife, AShutdownOfNothingIsDone) {
  create();
  write(kCc, 1U << 14);
  EXPECT_EQ(csts(), kCstsShutdownDone);
  write(kCc, 0);
  EXPECT_EQ(csts(), 0U);
}

TEST_F(NvmeLife, AResetMayComeWhileItShutsDown) {
  start();
  offer(1, transfer(kWrite, 0, 1));
  ring_tail(1);
  clock.run();
  write(kCc, 0x0046'0001 | 1U << 14);
  write(kCc, 0);
  clock.run();
  EXPECT_NE(csts() & kCstsReady, 0U);
  complete_all();
  EXPECT_EQ(csts(), 0U);
  EXPECT_TRUE(disk->requests.empty());
}

TEST_F(NvmeLife, ADeletedQueueEndsBehindItsCommands) {
  start();
  offer(1, transfer(kWrite, 0, 1));
  ring_tail(1);
  clock.run();
  offer(0, {.opcode = kDeleteSq, .dw10 = 1});
  ring_tail(0);
  offer(1, transfer(kWrite, 1, 1));  // never taken
  ring_tail(1);
  EXPECT_FALSE(wait(0));
  complete_all();
  EXPECT_TRUE(take(1));
  EXPECT_FALSE(take(1));
  const auto deleted = wait(0);
  ASSERT_TRUE(deleted);
  EXPECT_EQ(deleted->cid, last_cid - 1);
  EXPECT_TRUE(disk->requests.empty());
  EXPECT_EQ(admin({.opcode = kDeleteCq, .dw10 = 1}), ok);
}

TEST_F(NvmeLife, AFunctionResetIsAReset) {
  start();
  nvme->reset();
  clock.run();
  EXPECT_EQ(nvme->wanted_range(0), std::nullopt);
  bus.assign_bars();
  bar = nvme->wanted_range(0)->start;
  EXPECT_EQ(csts(), 0U);
  EXPECT_EQ(read(kAsq, 8), 0U);
}

TEST_F(NvmeLife, DestroyedWithRequestsUnderWay) {
  start();
  for (int i = 0; i < 5; ++i)
    offer(1, transfer(kRead, 0, 1));
  ring_tail(1);
  clock.run();
  EXPECT_EQ(disk->requests.size(), 5U);
  write(kCc, 0);
  nvme.reset();
  clock.run();  // what was posted finds nobody
}

TEST_F(NvmeLife, AHostThatRefusesIsAFatalStatus) {
  auto stalled = std::make_unique<StalledDisk>(kDiskSize);
  disk = stalled.get();
  disk->refuses = true;
  create(std::move(stalled));
  enable();
  EXPECT_EQ(csts(), kCstsFatal);
  EXPECT_TRUE(nvme->stats().needs_reset);
  disk->refuses = false;
  disable();
  EXPECT_EQ(csts(), 0U);
  enable();
  EXPECT_EQ(csts(), kCstsReady);
}

}  // namespace
}  // namespace skiff
