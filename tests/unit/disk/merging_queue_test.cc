// Neighbouring requests become one and come back as themselves.
#include "vmm/disk/merging_queue.h"

#include <cerrno>
#include <random>

#include "tests/fakes/stalled_disk.h"
#include "tests/unit/disk/disk_fixture.h"

namespace skiff {
namespace {

constexpr std::uint64_t kBlock = 4096;

// A queue that joins, on a disk that the test completes.
class Merging : public ::testing::Test, public DiskQueueClient {
 protected:
  Merging() {
    queue_ = MergingQueue::create(*this, [this](DiskQueueClient& merging) {
      return disk_.create_queue(clock_, merging, 64);
    });
  }
  ~Merging() override {
    if (queue_ != nullptr) queue_->drain();
  }

  DiskRequest& submit(DiskOperation operation, std::uint64_t block, std::uint64_t blocks = 1,
                      std::size_t piece = 0) {
    requests_.push_back(std::make_unique<OwnedRequest>(operation, block * kBlock, blocks * kBlock));
    OwnedRequest& request = *requests_.back();
    if (operation == DiskOperation::flush) request.length = 0;
    if (operation == DiskOperation::read || operation == DiskOperation::write) {
      request.with(pattern(blocks * kBlock, static_cast<unsigned>(block)), piece);
    }
    queue_->submit(request);
    return request;
  }
  DiskRequest& read(std::uint64_t block, std::uint64_t blocks = 1) {
    return submit(DiskOperation::read, block, blocks);
  }
  DiskRequest& write(std::uint64_t block, std::uint64_t blocks = 1) {
    return submit(DiskOperation::write, block, blocks);
  }
  std::string data(std::size_t index) const { return requests_[index]->data(); }

  // What arrived below: "r0+3" is a read of three blocks from block 0 on.
  std::string below() const {
    std::string text;
    for (const DiskRequest* const request : disk_.requests) {
      if (!text.empty()) text += ' ';
      text += "rwfdz"[static_cast<int>(request->operation)];
      text +=
          std::to_string(request->offset / kBlock) + '+' + std::to_string(request->length / kBlock);
    }
    return text;
  }
  // Completes what arrived with `errors`, one for each; the first ones first.
  std::size_t answer(std::initializer_list<int> errors, char fill = 'r') {
    for (const int error : errors)
      disk_.complete(error, fill);
    return queue_->advance();
  }

  void on_disk_complete(DiskRequest& request) noexcept override {
    completed_.push_back(&request);
    errors_.push_back(request.error);
    if (on_complete_) on_complete_(request);
  }
  void on_disk_wake() noexcept override { ++wakes_; }
  void on_disk_bell(std::size_t bell) noexcept override { bells_.push_back(bell); }

  FakeClock clock_;
  StalledDisk disk_{64ULL << 20};
  std::vector<std::unique_ptr<OwnedRequest>> requests_;
  std::vector<DiskRequest*> completed_;
  std::vector<int> errors_;
  std::vector<std::size_t> bells_;
  int wakes_ = 0;
  std::function<void(DiskRequest&)> on_complete_;
  std::unique_ptr<DiskQueue> queue_;
};

TEST_F(Merging, NeighboursAreOneRequestBelowAndThemselvesAbove) {
  DiskRequest& first = write(10);
  DiskRequest& second = write(11, 2);
  DiskRequest& third = write(13);
  EXPECT_EQ(queue_->in_flight(), 3U);
  EXPECT_EQ(queue_->advance(), 0U);
  ASSERT_EQ(below(), "w10+4");
  std::string bytes;
  for (const iovec& buffer : disk_.requests[0]->buffers)
    bytes.append(static_cast<const char*>(buffer.iov_base), buffer.iov_len);
  EXPECT_EQ(bytes, data(0) + data(1) + data(2));
  EXPECT_EQ(queue_->in_flight(), 3U);
  EXPECT_EQ(answer({0}), 3U);
  EXPECT_EQ(completed_, (std::vector{&first, &second, &third}));
  EXPECT_EQ(errors_, (std::vector{0, 0, 0}));
  EXPECT_EQ(queue_->in_flight(), 0U);
}

TEST_F(Merging, ReadsFillTheBuffersOfEach) {
  read(0);
  read(1);
  queue_->advance();
  ASSERT_EQ(below(), "r0+2");
  answer({0}, 'x');
  EXPECT_EQ(data(0), std::string(kBlock, 'x'));
  EXPECT_EQ(data(1), std::string(kBlock, 'x'));
}

TEST_F(Merging, OnlyNeighboursAreJoinedAndNothingOvertakes) {
  read(0);
  read(2);  // a gap
  read(1);  // backwards
  read(1);  // the same again
  write(2);
  write(3);
  read(4);  // another kind
  read(5);
  read(5, 2);  // overlaps what was before
  queue_->advance();
  EXPECT_EQ(below(), "r0+1 r2+1 r1+1 r1+1 w2+2 r4+2 r5+2");
  answer({0, 0, 0, 0, 0, 0, 0});
  EXPECT_EQ(completed_.size(), 9U);
}

TEST_F(Merging, WhatMovesNoDataEndsARun) {
  for (const DiskOperation between :
       {DiskOperation::flush, DiskOperation::discard, DiskOperation::write_zeroes}) {
    SCOPED_TRACE(static_cast<int>(between));
    write(0);
    submit(between, 1);
    submit(between, 2);
    write(3);
    queue_->advance();
    EXPECT_EQ(disk_.requests.size(), 4U);
    answer({0, 0, 0, 0});
  }
}

TEST_F(Merging, DurableWritesAreNotJoinedWithOthers) {
  write(0).force_unit_access = true;
  write(1).force_unit_access = true;
  write(2);
  queue_->advance();
  ASSERT_EQ(below(), "w0+2 w2+1");
  EXPECT_TRUE(disk_.requests[0]->force_unit_access);
  EXPECT_FALSE(disk_.requests[1]->force_unit_access);
}

TEST_F(Merging, OnlyOneBatchIsJoined) {
  read(0);
  queue_->advance();
  read(1);
  queue_->advance();
  EXPECT_EQ(below(), "r0+1 r1+1");
}

TEST_F(Merging, BytesAreBounded) {
  constexpr std::uint64_t kHalf = MergingQueue::Bounds::kBytes / 2 / kBlock;
  read(0, kHalf);
  read(kHalf, kHalf);
  read(2 * kHalf, 1);
  read(2 * kHalf + 1, 2 * kHalf);  // too large for any company
  queue_->advance();
  const std::string half = std::to_string(kHalf);
  const std::string all = std::to_string(2 * kHalf);
  EXPECT_EQ(below(), "r0+" + all + " r" + all + "+1 r" + std::to_string(2 * kHalf + 1) + "+" + all);
}

TEST_F(Merging, BuffersAreBounded) {
  constexpr std::uint64_t kMany = MergingQueue::Bounds::kBuffers;
  submit(DiskOperation::read, 0, 1, kBlock / (kMany - 1) + 1);  // a little less than all
  const std::size_t used = requests_[0]->buffers.size();
  for (std::uint64_t i = 0; i < kMany; ++i)
    read(1 + i);
  queue_->advance();
  const std::uint64_t fit = kMany - used;
  ASSERT_EQ(disk_.requests.size(), 2U);
  EXPECT_EQ(disk_.requests[0]->buffers.size(), kMany);
  EXPECT_EQ(disk_.requests[0]->length, (1 + fit) * kBlock);
  EXPECT_EQ(disk_.requests[1]->offset, (1 + fit) * kBlock);
}

TEST_F(Merging, WithoutAFreePlaceTheyGoAlone) {
  for (std::uint64_t i = 0; i <= MergingQueue::kMostJoined; ++i) {
    read(100 * i);
    read(100 * i + 1);
  }
  queue_->advance();
  ASSERT_EQ(disk_.requests.size(), MergingQueue::kMostJoined + 2);
  for (std::size_t i = 0; i < MergingQueue::kMostJoined + 2; ++i)
    disk_.complete();
  EXPECT_EQ(queue_->advance(), 2 * MergingQueue::kMostJoined + 2);
  // The places are free again.
  read(0);
  read(1);
  queue_->advance();
  EXPECT_EQ(below(), "r0+2");
}

TEST_F(Merging, AFailureIsThatOfThePartItBelongsTo) {
  DiskRequest& first = write(0);
  DiskRequest& second = write(1);
  DiskRequest& third = write(2);
  queue_->advance();
  EXPECT_EQ(answer({EIO}), 0U);  // nobody is told yet
  EXPECT_EQ(queue_->in_flight(), 3U);
  queue_->advance();
  ASSERT_EQ(below(), "w0+1 w1+1 w2+1");
  // Each with its own buffers, whole.
  for (std::size_t i = 0; i < 3; ++i) {
    const iovec& buffer = disk_.requests[i]->buffers[0];
    EXPECT_EQ(std::string(static_cast<const char*>(buffer.iov_base), buffer.iov_len), data(i));
  }
  EXPECT_EQ(answer({0, ENOSPC, 0}), 3U);
  EXPECT_EQ(completed_, (std::vector{&first, &second, &third}));
  EXPECT_EQ(errors_, (std::vector{0, ENOSPC, 0}));
  EXPECT_EQ(queue_->in_flight(), 0U);
}

TEST_F(Merging, AnOldErrorOfAPartIsForgotten) {
  write(0).error = EIO;
  write(1).error = EIO;
  queue_->advance();
  answer({0});
  EXPECT_EQ(errors_, (std::vector{0, 0}));
}

TEST_F(Merging, ACompletionMaySubmitAgain) {
  read(0);
  read(1);
  queue_->advance();
  std::vector<DiskRequest*> again;
  on_complete_ = [&](DiskRequest& request) {
    if (again.size() < 2) {
      again.push_back(&request);
      queue_->submit(request);
    }
  };
  answer({0});
  EXPECT_EQ(queue_->in_flight(), 2U);
  queue_->advance();
  answer({0, 0});
  EXPECT_EQ(completed_.size(), 4U);
  EXPECT_EQ(queue_->in_flight(), 0U);
}

TEST_F(Merging, ADrainCompletesTheParts) {
  read(0);
  read(1);
  write(7);
  queue_->drain();
  EXPECT_EQ(completed_.size(), 3U);
  EXPECT_EQ(queue_->in_flight(), 0U);
}

TEST_F(Merging, NothingBelowIsNothingAbove) {
  disk_.refuses = true;
  EXPECT_EQ(MergingQueue::create(*this,
                                 [this](DiskQueueClient& merging) {
                                   return disk_.create_queue(clock_, merging, 64);
                                 }),
            nullptr);
}

TEST_F(Merging, WakesAndNamesPassThrough) {
  disk_.wake();
  EXPECT_EQ(wakes_, 1);
  EXPECT_STREQ(queue_->engine(), "stalled");
}

// --- On a file --------------------------------------------------------------------------------

class MergedFile : public ::testing::TestWithParam<DiskEngine> {
 protected:
  DiskOptions options(bool direct = false) const {
    DiskOptions wanted;
    wanted.path = file.path();
    wanted.engine = GetParam();
    wanted.direct = direct;
    return wanted;
  }

  TemporaryFile file{4 << 20, "/var/tmp"};
};

// Any mixture, compared with plain memory.
TEST_P(MergedFile, HoldsWhatABatchOfNeighboursWrote) {
  DiskUser user(options());
  std::string expected(4 << 20, '\0');
  std::minstd_rand random(7);
  for (int round = 0; round < 40; ++round) {
    std::vector<std::unique_ptr<OwnedRequest>> batch;
    const bool writes = round % 2 == 0;
    std::uint64_t at = random() % 512 * 512;
    for (int i = 0; i < 60; ++i) {
      const std::uint64_t length = (1 + random() % 16) * 512;
      auto request = std::make_unique<OwnedRequest>(
          writes ? DiskOperation::write : DiskOperation::read, at, length);
      const std::string bytes = pattern(length, static_cast<unsigned>(random()));
      request->with(bytes, 512 * (1 + random() % 4), random() % 3);
      if (writes) expected.replace(at, length, bytes);
      user.queue->submit(*request);
      batch.push_back(std::move(request));
      // Mostly on, sometimes elsewhere, but nowhere twice in a batch.
      at += length + (random() % 4 == 0 ? 512 : 0);
    }
    user.wait();
    for (const auto& request : batch) {
      ASSERT_EQ(request->error, 0);
      if (!writes) {
        ASSERT_EQ(request->data(), expected.substr(request->offset, request->length));
      }
    }
  }
  EXPECT_EQ(file.read(0, expected.size()), expected);
}

// Somebody cut the file off in the middle of what was joined.
TEST_P(MergedFile, ReadsWhatIsThereAndFailsWhatIsNot) {
  DiskUser user(options());
  const std::string bytes = pattern(8192);
  file.write(0, bytes);
  file.resize(8192 + 512);
  std::vector<std::unique_ptr<OwnedRequest>> batch;
  for (unsigned i = 0; i < 4; ++i) {
    batch.push_back(std::make_unique<OwnedRequest>(DiskOperation::read, i * kBlock, kBlock));
    user.queue->submit(batch.back()->with(std::string(kBlock, '?')));
  }
  user.wait();
  EXPECT_EQ(batch[0]->error, 0);
  EXPECT_EQ(batch[0]->data(), bytes.substr(0, kBlock));
  EXPECT_EQ(batch[1]->error, 0);
  EXPECT_EQ(batch[1]->data(), bytes.substr(kBlock));
  EXPECT_EQ(batch[2]->error, EIO);  // half of it
  EXPECT_EQ(batch[3]->error, EIO);
}

TEST_P(MergedFile, AlignedAndMisalignedNeighboursUnderDirect) {
  std::unique_ptr<DiskUser> user;
  try {
    user = std::make_unique<DiskUser>(options(true));
  } catch (const std::exception& error) {
    GTEST_SKIP() << error.what();
  }
  std::vector<std::unique_ptr<OwnedRequest>> batch;
  std::string expected;
  for (unsigned i = 0; i < 8; ++i) {
    batch.push_back(std::make_unique<OwnedRequest>(DiskOperation::write, i * kBlock, kBlock));
    expected += pattern(kBlock, i);
    user->queue->submit(batch.back()->with(pattern(kBlock, i), 0, i % 3));
  }
  user->wait();
  for (const auto& request : batch)
    EXPECT_EQ(request->error, 0);
  EXPECT_EQ(file.read(0, expected.size()), expected);
}

INSTANTIATE_TEST_SUITE_P(Engines, MergedFile,
                         ::testing::Values(DiskEngine::io_uring, DiskEngine::threads),
                         [](const auto& engine) {
                           return engine.param == DiskEngine::io_uring ? "io_uring" : "threads";
                         });

}  // namespace
}  // namespace skiff
