// What a file's queue does, the same by both engines.
#include <cerrno>

#include "tests/unit/disk/disk_fixture.h"
#include "vmm/base/event_fd.h"

namespace skiff {
namespace {

constexpr std::uint64_t kSize = 4 << 20;

class FileDisk : public ::testing::TestWithParam<DiskEngine> {
 protected:
  DiskOptions options() const {
    DiskOptions wanted;
    wanted.path = file.path();
    wanted.engine = GetParam();
    return wanted;
  }

  TemporaryFile file{kSize};
};

TEST_P(FileDisk, HasTheEngineThatWasAskedFor) {
  const DiskUser user(options());
  EXPECT_STREQ(user.queue->engine(), GetParam() == DiskEngine::threads ? "threads" : "io_uring");
  EXPECT_EQ(user.disk->capacity(), kSize);
  EXPECT_EQ(user.disk->info().block_size, 512U);
}

TEST_P(FileDisk, WritesAndReadsManyBuffers) {
  DiskUser user(options());
  const std::string bytes = pattern(8192);
  EXPECT_EQ(user.write(512, bytes, 1000), 0);
  EXPECT_EQ(file.read(512, bytes.size()), bytes);
  EXPECT_EQ(user.read(512, bytes.size(), 700, 3), bytes);
  EXPECT_EQ(user.read(0, 512), std::string(512, '\0'));
}

TEST_P(FileDisk, MoreBuffersThanOneCallTakes) {
  DiskUser user(options());
  const std::string bytes = pattern(5000UL * 512);
  EXPECT_EQ(user.write(0, bytes, 512), 0);
  EXPECT_EQ(file.read(0, bytes.size()), bytes);
  EXPECT_EQ(user.read(0, bytes.size(), 512), bytes);
}

TEST_P(FileDisk, ABatchComesBackWhole) {
  DiskUser user(options());
  std::vector<std::unique_ptr<OwnedRequest>> requests;
  // More than the ring has entries.
  for (unsigned i = 0; i < 600; ++i) {
    requests.push_back(
        std::make_unique<OwnedRequest>(DiskOperation::write, std::uint64_t{i} * 512, 512));
    user.queue->submit(requests.back()->with(pattern(512, i)));
  }
  EXPECT_EQ(user.queue->in_flight(), 600U);
  EXPECT_TRUE(user.completed.empty());
  user.wait();
  EXPECT_EQ(user.completed.size(), 600U);
  for (unsigned i = 0; i < 600; ++i) {
    EXPECT_EQ(requests[i]->error, 0);
    ASSERT_EQ(file.read(std::uint64_t{i} * 512, 512), pattern(512, i)) << i;
  }
}

TEST_P(FileDisk, DrainWaitsForAll) {
  DiskUser user(options());
  OwnedRequest write(DiskOperation::write, 0, 4096);
  OwnedRequest flush(DiskOperation::flush, 0, 0);
  user.queue->submit(write.with(pattern(4096)));
  user.queue->submit(flush);
  user.queue->drain();
  EXPECT_EQ(user.queue->in_flight(), 0U);
  EXPECT_EQ(user.completed.size(), 2U);
  EXPECT_EQ(file.read(0, 4096), pattern(4096));
}

TEST_P(FileDisk, FlushesAndDurableWrites) {
  DiskUser user(options());
  EXPECT_EQ(user.run(DiskOperation::flush), 0);
  OwnedRequest write(DiskOperation::write, 4096, 4096);
  write.force_unit_access = true;
  EXPECT_EQ(user.run(write.with(pattern(4096))), 0);
  EXPECT_EQ(file.read(4096, 4096), pattern(4096));
  OwnedRequest zeroes(DiskOperation::write_zeroes, 4096, 4096);
  zeroes.force_unit_access = true;
  EXPECT_EQ(user.run(zeroes), 0);
  EXPECT_EQ(file.read(4096, 4096), std::string(4096, '\0'));
}

TEST_P(FileDisk, ADiscardGivesSpaceBack) {
  DiskUser user(options());
  EXPECT_EQ(user.write(0, pattern(1 << 20)), 0);
  EXPECT_EQ(user.run(DiskOperation::flush), 0);
  const std::int64_t before = file.blocks();
  const int error = user.run(DiskOperation::discard, 64 << 10, 512 << 10);
  if (error == EOPNOTSUPP) GTEST_SKIP() << "the file system punches no holes";
  EXPECT_EQ(error, 0);
  EXPECT_LE(file.blocks(), before - 1024);
  EXPECT_EQ(user.read(64 << 10, 512 << 10), std::string(512 << 10, '\0'));
  EXPECT_EQ(user.read(0, 64 << 10), pattern(1 << 20).substr(0, 64 << 10));
  EXPECT_EQ(user.disk->refresh_capacity(), kSize);
}

TEST_P(FileDisk, ZeroesWithAndWithoutUnmapping) {
  // /dev/shm is a tmpfs: it punches holes, but has no FALLOC_FL_ZERO_RANGE.
  for (const std::string& directory : {::testing::TempDir(), std::string("/dev/shm")}) {
    const TemporaryFile own(kSize, directory);
    DiskOptions wanted = options();
    wanted.path = own.path();
    DiskUser user(wanted);
    const std::string bytes = pattern(2 << 20);
    EXPECT_EQ(user.write(0, bytes), 0);
    EXPECT_EQ(user.run(DiskOperation::write_zeroes, 512, (1 << 20) + 512), 0);
    EXPECT_EQ(user.read(512, (1 << 20) + 512), std::string((1 << 20) + 512, '\0'));
    EXPECT_EQ(user.read(0, 512), bytes.substr(0, 512));
    EXPECT_EQ(user.read((1 << 20) + 1024, 512), bytes.substr((1 << 20) + 1024, 512));
    const std::int64_t before = own.blocks();
    EXPECT_EQ(user.run(DiskOperation::write_zeroes, 1 << 20, 1 << 20, true), 0);
    EXPECT_EQ(user.read(1 << 20, 1 << 20), std::string(1 << 20, '\0'));
    EXPECT_LT(own.blocks(), before);
  }
}

TEST_P(FileDisk, TheEndOfAFileThatWasCutOffIsAnError) {
  DiskUser user(options());
  file.resize(1 << 20);
  EXPECT_EQ(user.read(2 << 20, 4096), "error " + std::to_string(EIO));
  OwnedRequest half(DiskOperation::read, (1 << 20) - 512, 1024);
  EXPECT_EQ(user.run(half.with(std::string(1024, '?'))), EIO);
  EXPECT_EQ(user.disk->refresh_capacity(), 1U << 20);
  EXPECT_EQ(user.disk->capacity(), 1U << 20);
}

TEST_P(FileDisk, AReadOnlyDiskRefusesWrites) {
  DiskOptions wanted = options();
  wanted.read_only = true;
  DiskUser user(wanted);
  EXPECT_TRUE(user.disk->info().read_only);
  EXPECT_FALSE(user.disk->info().can_discard);
  EXPECT_FALSE(user.disk->info().can_write_zeroes);
  EXPECT_NE(user.write(0, pattern(512)), 0);
  EXPECT_EQ(user.read(0, 512), std::string(512, '\0'));
}

TEST_P(FileDisk, BellsWakeAgainAndAgainUntilTheyAreTakenAway) {
  DiskUser user(options());
  const EventFd one;
  const EventFd two;
  const int both[] = {one.fd(), two.fd()};
  one.signal();  // before
  ASSERT_TRUE(user.queue->set_bells(both));
  user.clock.run_for(std::chrono::seconds(10));
  EXPECT_GE(user.wakes, 1);
  for (const EventFd* const bell : {&two, &one, &two, &two}) {
    user.wakes = 0;
    bell->signal();
    user.clock.run_for(std::chrono::seconds(10));
    EXPECT_GE(user.wakes, 1);
    user.clock.run();
  }
  ASSERT_TRUE(user.queue->set_bells({}));
  user.clock.run();
  user.wakes = 0;
  one.signal();
  two.signal();
  user.clock.run();
  EXPECT_EQ(user.wakes, 0);
  ASSERT_TRUE(user.queue->set_bells(std::span(both).first(1)));
  user.clock.run_for(std::chrono::seconds(10));
  EXPECT_GE(user.wakes, 1);
  EXPECT_EQ(user.write(0, pattern(512)), 0);
}

TEST_P(FileDisk, DirectWithBuffersOfAnyAlignment) {
  DiskOptions wanted = options();
  wanted.direct = true;
  std::unique_ptr<DiskUser> user;
  try {
    user = std::make_unique<DiskUser>(wanted);
  } catch (const std::exception& error) {
    GTEST_SKIP() << error.what();
  }
  const std::size_t block = user->disk->info().block_size;
  const std::string bytes = pattern(700 * block);
  EXPECT_EQ(user->write(block, bytes), 0);
  EXPECT_EQ(file.read(block, bytes.size()), bytes);
  // Beyond one bounce buffer, at odd addresses and cut at odd places.
  const std::string others = pattern(1400 * block, 9);
  EXPECT_EQ(user->write(2 * block, others, 777, 1), 0);
  EXPECT_EQ(file.read(2 * block, others.size()), others);
  EXPECT_EQ(user->read(2 * block, others.size(), 1111, 5), others);
  EXPECT_EQ(user->read(block, block, 0, 4), bytes.substr(0, block));
}

TEST_P(FileDisk, MoreMisalignedRequestsThanThereAreBounceBuffers) {
  DiskOptions wanted = options();
  wanted.direct = true;
  std::unique_ptr<DiskUser> user;
  try {
    user = std::make_unique<DiskUser>(wanted);
  } catch (const std::exception& error) {
    GTEST_SKIP() << error.what();
  }
  const std::uint64_t block = user->disk->info().block_size;
  std::vector<std::unique_ptr<OwnedRequest>> requests;
  for (unsigned i = 0; i < 60; ++i) {
    requests.push_back(std::make_unique<OwnedRequest>(DiskOperation::write, i * block, block));
    user->queue->submit(requests.back()->with(pattern(block, i), 0, 1));
  }
  user->wait();
  EXPECT_EQ(user->completed.size(), 60U);
  for (unsigned i = 0; i < 60; ++i) {
    EXPECT_EQ(requests[i]->error, 0);
    EXPECT_EQ(file.read(i * block, block), pattern(block, i)) << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Engines, FileDisk,
                         ::testing::Values(DiskEngine::io_uring, DiskEngine::threads),
                         [](const auto& each) {
                           return each.param == DiskEngine::threads ? "threads" : "io_uring";
                         });

}  // namespace
}  // namespace skiff
