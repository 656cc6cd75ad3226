// A block device whose work the notifying thread does. The executor's loop runs only where a test
// says so.
#include "tests/fakes/stalled_disk.h"
#include "tests/unit/virtio/block/block_fixture.h"

namespace skiff {
namespace {

using namespace virtio_blk;

class BlockInline : public BlockFixture {
 protected:
  static BlockOptions inline_options() { return {.is_inline = true}; }

  void create_stalled(const BlockOptions& options = inline_options()) {
    auto backend = std::make_unique<StalledDisk>(kDiskSize);
    disk = backend.get();
    create(std::move(backend), options);
    start();
  }
  int count_used() {
    int count = 0;
    while (driver->queue(0).used())
      ++count;
    return count;
  }

  StalledDisk* disk = nullptr;
};

TEST_F(BlockInline, RequestsAreAnsweredWhenTheNotificationReturns) {
  create(inline_options());
  start();
  const GuestAddress at = offer(kTypeOut, 3, std::string(512, 'w'));
  offer(kTypeIn, 3, "", 512);
  const int before = driver->interrupts.of_queue(0);
  driver->kick(0);
  EXPECT_EQ(status_at(at), kStatusOk);
  EXPECT_EQ(count_used(), 2);
  EXPECT_EQ(driver->interrupts.of_queue(0), before + 1);
}

TEST_F(BlockInline, WhatWasAvailableBeforeIsAnsweredAtActivation) {
  create(inline_options());
  offer(kTypeIn, 0, "", 512);
  driver->activate(block->features());
  EXPECT_EQ(count_used(), 1);
}

TEST_F(BlockInline, WhatTheDiskStillHasIsLeftToTheExecutor) {
  create_stalled();
  offer(kTypeIn, 0, "", 512);
  driver->kick(0);
  EXPECT_EQ(disk->requests.size(), 1U);
  EXPECT_EQ(count_used(), 0);
  EXPECT_TRUE(disk->may_wake);
  disk->complete();
  disk->wake();
  EXPECT_EQ(count_used(), 1);
}

TEST_F(BlockInline, SoIsWhatABrokenDeviceHasThere) {
  create_stalled();
  offer(kTypeIn, 0, "", 512);
  driver->queue(0).offer({{place(), 16}});  // has no status
  driver->kick(0);
  EXPECT_TRUE(disk->may_wake);
  disk->complete();
  disk->wake();
}

TEST_F(BlockInline, AVcpuIsNotKeptByADriverThatGoesOnAskingForMore) {
  create_stalled();
  // Each time that it is asked, another request is complete and one more there.
  int rounds = 0;
  disk->on_asked = [&] {
    if (rounds == 10'000'000) return;
    ++rounds;
    while (!disk->requests.empty())
      disk->complete();
    if (rounds % 8 == 0) offer(kTypeIn, 0, "", 512);
  };
  offer(kTypeIn, 0, "", 512);
  driver->kick(0);
  EXPECT_LT(rounds, 10'000'000) << "the turn has no end";
  disk->on_asked = nullptr;
}

TEST_F(BlockInline, AResetIsDoneWhenTheDiskIsQuiet) {
  create_stalled();
  offer(kTypeIn, 0, "", 512);
  driver->kick(0);
  EXPECT_FALSE(reset());
  EXPECT_TRUE(disk->may_wake);
  disk->complete();
  disk->wake();
  driver->lay_rings();
  start();
  offer(kTypeIn, 0, "", 512);
  driver->kick(0);
  EXPECT_EQ(disk->requests.size(), 1U);
}

TEST_F(BlockInline, ANotificationOfAnInactiveDeviceDoesNothing) {
  create(inline_options());
  driver->kick(0);
  start();
  ASSERT_TRUE(reset());
  driver->kick(0);
  EXPECT_EQ(count_used(), 0);
}

TEST_F(BlockInline, LimitsHoldRequestsBackUntilTheExecutorsTimer) {
  create({.operations = {.per_second = 1, .burst = 1}, .is_inline = true});
  start();
  offer(kTypeIn, 0, "", 512);
  offer(kTypeIn, 1, "", 512);
  driver->kick(0);
  EXPECT_EQ(count_used(), 1);
  clock.advance(std::chrono::seconds(2));
  EXPECT_EQ(count_used(), 1);
}

TEST_F(BlockInline, ADeviceThatIsNotInlineLeavesItToTheKick) {
  create();
  EXPECT_FALSE(block->take_notification(0));
}

}  // namespace
}  // namespace skiff
