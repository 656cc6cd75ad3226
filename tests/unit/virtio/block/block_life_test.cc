// Resets with requests under way, errors of the host, rate limits, resizing.
#include <cerrno>

#include "tests/fakes/stalled_disk.h"
#include "tests/unit/disk/disk_fixture.h"
#include "tests/unit/virtio/block/block_fixture.h"

namespace skiff {
namespace {

using namespace virtio_blk;
using std::chrono::milliseconds;

class BlockLife : public BlockFixture {
 protected:
  void create_stalled(const BlockOptions& options = {}) {
    auto backend = std::make_unique<StalledDisk>(kDiskSize);
    disk = backend.get();
    create(std::move(backend), options);
  }
  // Offers a request and kicks; what came back by then.
  int back(std::size_t queue = 0) {
    driver->kick(queue);
    clock.run();
    int count = 0;
    while (driver->queue(queue).used())
      ++count;
    return count;
  }

  // A write of 64 KiB, of any bytes there are.
  void offer_large(std::uint64_t sector, std::size_t queue = 0) {
    const GuestAddress at = place(queue);
    write_header(at, kTypeOut, sector);
    driver->queue(queue).offer(std::vector<DriverBuffer>{
        {at, 16}, {GuestAddress(0), 64 << 10}, {plus(at, kStatusAt), 1, true}});
  }

  StalledDisk* disk = nullptr;
};

TEST_F(BlockLife, RequestsAreHandedOverInOneBatch) {
  create_stalled();
  start();
  for (unsigned i = 0; i < 5; ++i)
    offer(kTypeIn, i, "", 512);
  EXPECT_EQ(back(), 0);
  EXPECT_EQ(disk->batches, 1);
  EXPECT_EQ(disk->requests.size(), 5U);
  disk->complete();
  disk->complete();
  const int before = driver->interrupts.of_queue(0);
  disk->wake();
  EXPECT_EQ(driver->interrupts.of_queue(0), before + 1);
  int count = 0;
  while (driver->queue(0).used())
    ++count;
  EXPECT_EQ(count, 2);
}

// The driver works on the first ones while the disk copies the others.
TEST_F(BlockLife, LargeRequestsOfADiskThatAnswersAtOnceComeBackInParts) {
  create();
  start();
  const int before = driver->interrupts.of_queue(0);
  for (unsigned i = 0; i < 5; ++i)
    offer_large(i);
  EXPECT_EQ(back(), 5);
  EXPECT_EQ(driver->interrupts.of_queue(0), before + 2);  // four, one
}

TEST_F(BlockLife, ADiskThatTakesItsTimeGetsLargeRequestsInOneBatch) {
  create_stalled();
  start();
  offer_large(0);
  EXPECT_EQ(back(), 0);
  disk->complete();
  disk->wake();
  EXPECT_EQ(back(), 1);
  disk->batches = 0;
  for (unsigned i = 0; i < 5; ++i)
    offer_large(i);
  EXPECT_EQ(back(), 0);
  EXPECT_EQ(disk->batches, 1);
  EXPECT_EQ(disk->requests.size(), 5U);
}

TEST_F(BlockLife, ARoundThatEndsEarlyGivesTheNextOneToAnotherQueue) {
  create_stalled({.queues = 2});
  for (unsigned i = 0; i < 5; ++i) {
    offer_large(i, 0);
    offer_large(128 + i, 1);
  }
  start();
  ASSERT_EQ(disk->batches, 2);
  ASSERT_EQ(disk->requests.size(), 10U);
  const auto queue_of = [this](std::size_t i) { return disk->requests[i]->offset / 512 / 128; };
  EXPECT_EQ(queue_of(0), queue_of(3));
  EXPECT_NE(queue_of(3), queue_of(4));
}

TEST_F(BlockLife, AResetWaitsForWhatIsUnderWay) {
  create_stalled();
  start();
  const GuestAddress one = offer(kTypeIn, 0, "", 512);
  offer(kTypeIn, 1, "", 512);
  EXPECT_EQ(back(), 0);
  bool done = false;
  block->reset([&done] { done = true; });
  clock.run();
  EXPECT_FALSE(done);
  disk->complete();
  disk->wake();
  EXPECT_FALSE(done);
  // New requests are not looked at any more.
  offer(kTypeFlush, 0, "");
  driver->kick(0);
  clock.run();
  EXPECT_EQ(disk->requests.size(), 1U);
  disk->complete();
  disk->wake();
  EXPECT_TRUE(done);
  EXPECT_FALSE(driver->queue(0).has_used());
  EXPECT_EQ(status_at(one), kUntouched);
  // Kicks of the old queues are nobody's.
  driver->kick(0);
  clock.run();
  EXPECT_TRUE(disk->requests.empty());
  driver->lay_rings();
  start();
  offer(kTypeFlush, 0, "");
  EXPECT_EQ(back(), 0);
  disk->complete();
  disk->wake();
  EXPECT_TRUE(driver->queue(0).used().has_value());
}

TEST_F(BlockLife, AResetInEveryStateIsDoneOnce) {
  create_stalled();
  EXPECT_TRUE(reset());  // never activated
  start();
  EXPECT_TRUE(reset());
  EXPECT_TRUE(reset());
  driver->lay_rings();
  start();
  driver->queue(0).split().set_available_index(1000);
  driver->kick(0);
  clock.run();
  EXPECT_EQ(driver->interrupts.needs_reset(), 1);
  EXPECT_TRUE(reset());
}

TEST_F(BlockLife, ABrokenRingWithRequestsUnderWay) {
  create_stalled({.queues = 2});
  start();
  offer(kTypeIn, 0, "", 512, 0);
  EXPECT_EQ(back(0), 0);
  driver->queue(1).split().set_available_index(1000);
  driver->kick(1);
  clock.run();
  EXPECT_EQ(driver->interrupts.needs_reset(), 1);
  disk->complete();
  disk->wake();
  EXPECT_FALSE(driver->queue(0).has_used());
  EXPECT_TRUE(reset());
}

TEST_F(BlockLife, ResetFromInsideDone) {
  create_stalled();
  start();
  offer(kTypeIn, 0, "", 512);
  EXPECT_EQ(back(), 0);
  int done = 0;
  block->reset([&] {
    ++done;
    driver->lay_rings();
    driver->activate(block->features());
  });
  clock.run();
  disk->complete();
  disk->wake();
  clock.run();
  EXPECT_EQ(done, 1);
  offer(kTypeFlush, 0, "");
  EXPECT_EQ(back(), 0);
  EXPECT_EQ(disk->requests.size(), 1U);
}

TEST_F(BlockLife, DestroyedWithRequestsUnderWay) {
  create_stalled();
  start();
  offer(kTypeIn, 0, "", 512);
  EXPECT_EQ(back(), 0);
  destroy();
  clock.run();
}

TEST_F(BlockLife, TheHostsErrorsAreTheStatus) {
  create_stalled();
  start();
  const GuestAddress one = offer(kTypeOut, 0, pattern(512));
  const GuestAddress two = offer(kTypeDiscard, 0, segment(0, 8) + segment(8, 8));
  EXPECT_EQ(back(), 0);
  disk->complete(ENOSPC);
  disk->complete(EOPNOTSUPP);
  disk->wake();
  EXPECT_EQ(status_at(one), kStatusIoError);
  EXPECT_EQ(status_at(two), kStatusUnsupported);
  EXPECT_TRUE(disk->requests.empty());  // the second segment is not tried
  EXPECT_EQ(driver->interrupts.needs_reset(), 0);
}

TEST_F(BlockLife, SegmentsOneAfterAnother) {
  create_stalled();
  start();
  const GuestAddress at = offer(kTypeDiscard, 0, segment(8, 8) + segment(100, 4));
  EXPECT_EQ(back(), 0);
  EXPECT_EQ(disk->requests.front()->offset, 8U * 512);
  disk->complete();
  disk->wake();
  ASSERT_EQ(disk->requests.size(), 1U);
  EXPECT_EQ(disk->requests.front()->offset, 100U * 512);
  EXPECT_EQ(disk->requests.front()->length, 4U * 512);
  EXPECT_EQ(status_at(at), kUntouched);
  disk->complete();
  disk->wake();
  EXPECT_EQ(status_at(at), kStatusOk);
}

TEST_F(BlockLife, WithoutFlushEachWriteIsDurable) {
  create_stalled();
  start(0);
  offer(kTypeOut, 0, pattern(512));
  EXPECT_EQ(back(), 0);
  EXPECT_TRUE(disk->requests.front()->force_unit_access);
  disk->complete();
  disk->wake();
  EXPECT_TRUE(reset());
  driver->lay_rings();
  start(kFeatureFlush);
  offer(kTypeOut, 0, pattern(512));
  EXPECT_EQ(back(), 0);
  EXPECT_FALSE(disk->requests.front()->force_unit_access);
}

TEST_F(BlockLife, AHostThatRefusesEverythingIsADeviceThatNeedsAReset) {
  create_stalled();
  disk->refuses = true;
  start();
  EXPECT_EQ(driver->interrupts.needs_reset(), 1);
  EXPECT_TRUE(reset());
  disk->refuses = false;
  driver->lay_rings();
  start();
  offer(kTypeFlush, 0, "");
  EXPECT_EQ(back(), 0);
  EXPECT_EQ(disk->requests.size(), 1U);
}

TEST_F(BlockLife, OperationsPerSecond) {
  create({.operations = {.per_second = 10, .burst = 2}});
  start();
  for (unsigned i = 0; i < 5; ++i)
    offer(kTypeFlush, 0, "");
  EXPECT_EQ(back(), 2);
  EXPECT_EQ(back(), 0);
  clock.advance(milliseconds(99));
  EXPECT_EQ(back(), 0);
  clock.advance(milliseconds(1));
  EXPECT_EQ(back(), 1);
  clock.advance(milliseconds(200));
  EXPECT_EQ(back(), 2);
}

TEST_F(BlockLife, BytesPerSecondCountDataOnly) {
  create({.bandwidth = {.per_second = 5120, .burst = 1024}});
  start();
  for (unsigned i = 0; i < 3; ++i)
    offer(kTypeOut, i, pattern(1024, i));
  EXPECT_EQ(back(), 1);
  clock.advance(milliseconds(200));
  EXPECT_EQ(back(), 1);
  // More than the burst passes once it is full.
  clock.advance(milliseconds(200));
  EXPECT_EQ(back(), 1);
  offer(kTypeIn, 0, "", 2048);
  offer(kTypeFlush, 0, "");
  EXPECT_EQ(back(), 0);
  clock.advance(milliseconds(200));
  EXPECT_EQ(back(), 2);
  EXPECT_EQ(std::memcmp(memory_disk->bytes().data(), pattern(512, 0).data(), 512), 0);
}

TEST_F(BlockLife, BothLimitsHoldAndLoseNothing) {
  create({.operations = {.per_second = 10, .burst = 1},
          .bandwidth = {.per_second = 512, .burst = 512}});
  start();
  for (unsigned i = 0; i < 3; ++i)
    offer(kTypeOut, i, pattern(512, i));
  int done = back();
  EXPECT_EQ(done, 1);
  for (int i = 0; i < 20; ++i) {
    clock.advance(milliseconds(100));
    done += back();
  }
  EXPECT_EQ(done, 3);
  EXPECT_EQ(std::memcmp(memory_disk->bytes().data() + 1024, pattern(512, 2).data(), 512), 0);
}

TEST_F(BlockLife, ALimitThatIsLiftedLetsTheWaitingRequestGo) {
  create({.operations = {.per_second = 1, .burst = 1}});
  start();
  EXPECT_EQ(write(0, std::string(512, 'a')), kStatusOk);
  offer(kTypeOut, 0, std::string(512, 'b'));
  driver->kick(0);
  clock.run();
  EXPECT_FALSE(driver->queue(0).has_used());
  block->set_limits({}, {});
  clock.run();
  EXPECT_TRUE(driver->queue(0).has_used());
}

TEST_F(BlockLife, AResetDropsTheRequestThatWaitsForTokens) {
  create({.operations = {.per_second = 1, .burst = 1}});
  start();
  offer(kTypeFlush, 0, "");
  const GuestAddress held = offer(kTypeFlush, 0, "");
  EXPECT_EQ(back(), 1);
  EXPECT_TRUE(reset());
  clock.advance(std::chrono::seconds(5));
  clock.run();
  EXPECT_EQ(status_at(held), kUntouched);
  driver->lay_rings();
  start();
  offer(kTypeFlush, 0, "");
  EXPECT_EQ(back(), 1);
}

TEST_F(BlockLife, AResizeIsToldAndHolds) {
  create_stalled();
  start();
  disk->next_size = kDiskSize;
  EXPECT_EQ(block->resize(), kDiskSize);
  EXPECT_EQ(driver->interrupts.of_config(), 0);
  disk->next_size = 2 * kDiskSize;
  EXPECT_EQ(block->resize(), 2 * kDiskSize);
  EXPECT_EQ(driver->interrupts.of_config(), 1);
  EXPECT_EQ(config<std::uint64_t>(0), 2 * kDiskSize / 512);
  offer(kTypeIn, kDiskSize / 512, "", 512);
  EXPECT_EQ(back(), 0);
  EXPECT_EQ(disk->requests.size(), 1U);
  disk->next_size = 512;
  block->resize();
  offer(kTypeIn, 1, "", 512);
  EXPECT_EQ(back(), 1);  // refused
}

// Real files, by both engines.
class BlockFile : public BlockLife, public ::testing::WithParamInterface<DiskEngine> {};

TEST_P(BlockFile, WritesReadsFlushesAndPunches) {
  const TemporaryFile file(kDiskSize);
  DiskOptions options;
  options.path = file.path();
  options.engine = GetParam();
  create(open_disk(options), {.queues = 2});
  start();
  EXPECT_STREQ(block->engine(), GetParam() == DiskEngine::threads ? "threads" : "io_uring");
  for (unsigned i = 0; i < 40; ++i)
    ASSERT_EQ(ask(kTypeOut, i * 4, pattern(2048, i), 0, i % 2).status, kStatusOk);
  EXPECT_EQ(ask(kTypeFlush, 0, "").status, kStatusOk);
  for (unsigned i = 0; i < 40; ++i) {
    ASSERT_EQ(file.read(i * 2048UL, 2048), pattern(2048, i));
    ASSERT_EQ(ask(kTypeIn, i * 4, "", 2048, 1 - i % 2).data, pattern(2048, i));
  }
  EXPECT_EQ(ask(kTypeWriteZeroes, 0, segment(0, 8)).status, kStatusOk);
  EXPECT_EQ(file.read(0, 4096), std::string(4096, '\0'));
  const std::int64_t before = file.blocks();
  const int status = ask(kTypeDiscard, 0, segment(8, 64)).status;
  if (status != kStatusUnsupported) {
    EXPECT_EQ(status, kStatusOk);
    EXPECT_LT(file.blocks(), before);
  }
  file.resize(2 * kDiskSize);
  EXPECT_EQ(block->resize(), 2 * kDiskSize);
  EXPECT_EQ(driver->interrupts.of_config(), 1);
  EXPECT_EQ(write(kDiskSize / 512, pattern(512)), kStatusOk);
}

TEST_P(BlockFile, ResetsUnderLoad) {
  const TemporaryFile file(kDiskSize);
  DiskOptions options;
  options.path = file.path();
  options.engine = GetParam();
  create(open_disk(options), {});
  for (unsigned round = 0; round < 30; ++round) {
    driver->lay_rings();
    driver->activate(block->features());
    for (unsigned i = 0; i < 4; ++i)
      offer(i % 2 == 0 ? kTypeOut : kTypeFlush, i, i % 2 == 0 ? pattern(512, round) : "");
    driver->kick(0);
    if (round % 3 != 0) clock.run(static_cast<int>(round % 3));
    bool done = false;
    block->reset([&done] { done = true; });
    for (int i = 0; i < 100 && !done; ++i)
      clock.run_for(milliseconds(100));
    ASSERT_TRUE(done);
  }
  driver->lay_rings();
  start();
  EXPECT_EQ(write(9, pattern(512)), kStatusOk);
}

TEST_P(BlockFile, DestroyedWithRequestsUnderWay) {
  const TemporaryFile file(kDiskSize);
  DiskOptions options;
  options.path = file.path();
  options.engine = GetParam();
  for (int i = 0; i < 5; ++i) {
    create(open_disk(options), {});
    driver->activate(block->features());
    for (unsigned k = 0; k < 4; ++k)
      offer(k == 3 ? kTypeFlush : kTypeOut, k, k == 3 ? "" : pattern(512, k));
    clock.run(1);
    destroy();
    clock.run();
  }
}

INSTANTIATE_TEST_SUITE_P(Engines, BlockFile,
                         ::testing::Values(DiskEngine::io_uring, DiskEngine::threads),
                         [](const auto& each) {
                           return each.param == DiskEngine::threads ? "threads" : "io_uring";
                         });

}  // namespace
}  // namespace skiff
