// Disks that are block devices of the host: a loop device where one can be had.
#include <linux/loop.h>
#include <sys/ioctl.h>

#include <cerrno>
#include <optional>

#include "tests/unit/disk/disk_fixture.h"
#include "vmm/disk/file_transfer.h"
#include "vmm/disk/thread_queue.h"
#include "vmm/disk/uring_queue.h"

namespace skiff {
namespace {

constexpr std::uint64_t kLoopSize = 4 << 20;

// --- The host's calls, without a host ----------------------------------------------------------

struct Calls {
  explicit Calls(bool is_block_device) { file.is_block_device = is_block_device; }

  HostCall::Kind start(DiskRequest& request) {
    transfer.start(request);
    return next(request);
  }
  HostCall::Kind next(DiskRequest& request) {
    EXPECT_EQ(transfer.prepare(request), FileTransfer::Prepared::ready);
    return transfer.call(request).kind;
  }

  DiskFile file;
  FileTransfer transfer{file};
};

TEST(DiscardCalls, ADeviceThatPunchesNoHolesIsAskedToDiscard) {
  Calls calls(true);
  OwnedRequest request(DiskOperation::discard, 4096, 8192);
  ASSERT_EQ(calls.start(request), HostCall::Kind::fallocate);
  ASSERT_FALSE(calls.transfer.finish(request, -EOPNOTSUPP));
  ASSERT_EQ(calls.next(request), HostCall::Kind::discard);
  EXPECT_EQ(calls.transfer.call(request).offset, 4096U);
  EXPECT_EQ(calls.transfer.call(request).length, 8192U);
  ASSERT_TRUE(calls.transfer.finish(request, 0));
  EXPECT_EQ(request.error, 0);
  // From now on at once; and a device that does not discard either says so.
  ASSERT_EQ(calls.start(request), HostCall::Kind::discard);
  ASSERT_TRUE(calls.transfer.finish(request, -EOPNOTSUPP));
  EXPECT_EQ(request.error, EOPNOTSUPP);
}

TEST(DiscardCalls, AFileIsNot) {
  Calls calls(false);
  OwnedRequest request(DiskOperation::discard, 0, 4096);
  for (int i = 0; i < 2; ++i) {
    ASSERT_EQ(calls.start(request), HostCall::Kind::fallocate);
    ASSERT_TRUE(calls.transfer.finish(request, -EOPNOTSUPP));
    EXPECT_EQ(request.error, EOPNOTSUPP);
  }
}

// A discard does not promise that zeroes are read.
TEST(DiscardCalls, ZeroesAreNeverADiscard) {
  Calls calls(true);
  OwnedRequest request(DiskOperation::write_zeroes, 0, 4096);
  request.may_unmap = true;
  ASSERT_EQ(calls.start(request), HostCall::Kind::fallocate);
  ASSERT_FALSE(calls.transfer.finish(request, -EOPNOTSUPP));
  ASSERT_EQ(calls.next(request), HostCall::Kind::fallocate);
  ASSERT_FALSE(calls.transfer.finish(request, -EOPNOTSUPP));
  ASSERT_EQ(calls.next(request), HostCall::Kind::writev);
  ASSERT_TRUE(calls.transfer.finish(request, 4096));
  EXPECT_EQ(request.error, 0);
}

TEST(DiscardCalls, ADurableDiscardIsFlushed) {
  Calls calls(true);
  calls.file.can_punch = false;
  OwnedRequest request(DiskOperation::discard, 0, 4096);
  request.force_unit_access = true;
  ASSERT_EQ(calls.start(request), HostCall::Kind::discard);
  ASSERT_FALSE(calls.transfer.finish(request, 0));
  ASSERT_EQ(calls.next(request), HostCall::Kind::fdatasync);
  ASSERT_TRUE(calls.transfer.finish(request, 0));
}

// --- A loop device ----------------------------------------------------------------------------

// Gone with its last descriptor.
class LoopDevice {
 public:
  explicit LoopDevice(const std::string& file) {
    const Fd control(::open("/dev/loop-control", O_RDWR | O_CLOEXEC));
    const Fd backing(::open(file.c_str(), O_RDWR | O_CLOEXEC));
    // Another process may take the one that was free.
    for (int attempt = 0; control && backing && !device_ && attempt < 10; ++attempt) {
      const int number = ::ioctl(control.get(), LOOP_CTL_GET_FREE);
      if (number < 0) return;
      path_ = "/dev/loop" + std::to_string(number);
      Fd device(::open(path_.c_str(), O_RDWR | O_CLOEXEC));
      if (!device) return;
      loop_config config{};
      config.fd = static_cast<std::uint32_t>(backing.get());
      config.info.lo_flags = LO_FLAGS_AUTOCLEAR;
      if (::ioctl(device.get(), LOOP_CONFIGURE, &config) == 0) device_ = std::move(device);
    }
  }
  explicit operator bool() const { return static_cast<bool>(device_); }
  const std::string& path() const { return path_; }
  int fd() const { return device_.get(); }

 private:
  std::string path_;
  Fd device_;
};

class BlockDeviceDisk : public ::testing::TestWithParam<DiskEngine> {
 protected:
  void SetUp() override {
    if (!device) GTEST_SKIP() << "no loop device to be had";
    file.write(0, pattern(kLoopSize));
  }
  DiskOptions options() const {
    DiskOptions wanted;
    wanted.path = device.path();
    wanted.engine = GetParam();
    return wanted;
  }
  // A queue of a device that cannot punch holes.
  std::unique_ptr<DiskQueue> create_queue(DiskFile& disk_file, FakeClock& clock,
                                          DiskQueueClient& client) const {
    disk_file.fd = device.fd();
    disk_file.is_block_device = true;
    disk_file.can_punch = false;
    if (GetParam() == DiskEngine::threads) return ThreadQueue::create(disk_file, clock, client);
    return UringQueue::create(disk_file, clock, client, 64);
  }

  TemporaryFile file{kLoopSize, "/var/tmp"};
  LoopDevice device{file.path()};
};

TEST_P(BlockDeviceDisk, DiscardsAndZeroes) {
  DiskUser user(options());
  EXPECT_EQ(user.disk->capacity(), kLoopSize);
  EXPECT_EQ(user.run(DiskOperation::discard, 1 << 20, 1 << 20), 0);
  EXPECT_EQ(user.run(DiskOperation::write_zeroes, 4096, 8192), 0);
  EXPECT_EQ(user.run(DiskOperation::write_zeroes, 16384, 4096, true), 0);
  EXPECT_EQ(user.run(DiskOperation::flush), 0);
  std::string expected = pattern(kLoopSize);
  expected.replace(1 << 20, 1 << 20, 1 << 20, '\0');
  expected.replace(4096, 8192, 8192, '\0');
  expected.replace(16384, 4096, 4096, '\0');
  EXPECT_EQ(user.read(0, kLoopSize), expected);
}

// By BLKDISCARD, with other requests around; the space comes back.
TEST_P(BlockDeviceDisk, DiscardsWithoutHoles) {
  FakeClock clock;  // goes after the queue
  DiskFile disk_file;
  class Client final : public DiskQueueClient {
   public:
    void on_disk_complete(DiskRequest& request) noexcept override {
      EXPECT_EQ(request.error, 0);
      ++completed;
    }
    void on_disk_wake() noexcept override { queue->advance(); }
    std::unique_ptr<DiskQueue> queue;
    int completed = 0;
  } client;
  client.queue = create_queue(disk_file, clock, client);
  ASSERT_NE(client.queue, nullptr);
  ::fsync(device.fd());
  const std::int64_t before = file.blocks();

  std::vector<std::unique_ptr<OwnedRequest>> requests;
  const auto submit = [&](DiskOperation operation, std::uint64_t at, std::uint64_t bytes) {
    requests.push_back(std::make_unique<OwnedRequest>(operation, at, bytes));
    if (operation == DiskOperation::write) requests.back()->with(pattern(bytes, 9));
    client.queue->submit(*requests.back());
  };
  for (std::uint64_t i = 0; i < 8; ++i) {
    submit(DiskOperation::discard, (1 << 20) + i * (128 << 10), 128 << 10);
    submit(DiskOperation::write, i * 4096, 4096);
  }
  client.queue->advance();
  for (int i = 0; i < 100 && client.queue->in_flight() != 0; ++i)
    clock.run_for(std::chrono::milliseconds(100));
  EXPECT_EQ(client.completed, 16);
  EXPECT_LT(file.blocks(), before - (900 << 10) / 512);

  // And where nobody looks but the end.
  submit(DiskOperation::discard, 2 << 20, 1 << 20);
  submit(DiskOperation::flush, 0, 0);
  client.queue->drain();
  EXPECT_EQ(client.completed, 18);
  EXPECT_EQ(client.queue->in_flight(), 0U);
  EXPECT_EQ(file.read(2 << 20, 1 << 20), std::string(1 << 20, '\0'));
}

INSTANTIATE_TEST_SUITE_P(Engines, BlockDeviceDisk,
                         ::testing::Values(DiskEngine::io_uring, DiskEngine::threads),
                         [](const auto& each) {
                           return each.param == DiskEngine::threads ? "threads" : "io_uring";
                         });

}  // namespace
}  // namespace skiff
