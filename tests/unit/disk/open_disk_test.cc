#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "tests/unit/disk/disk_fixture.h"
#include "vmm/base/bits.h"
#include "vmm/base/error.h"
#include "vmm/base/event_fd.h"

namespace skiff {
namespace {

DiskOptions file_options(const std::string& path) {
  DiskOptions options;
  options.path = path;
  return options;
}

std::string refusal(const DiskOptions& options) {
  try {
    open_disk(options);
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

TEST(OpenDisk, SaysWhatIsWrongWithAPath) {
  EXPECT_THROW(open_disk(file_options("/nowhere/disk.img")), ConfigError);
  EXPECT_NE(refusal(file_options("/nowhere/disk.img")).find("/nowhere/disk.img"),
            std::string::npos);
  EXPECT_THROW(open_disk(file_options(::testing::TempDir())), ConfigError);
  EXPECT_THROW(open_disk(file_options("/dev/null")), ConfigError);
  const TemporaryFile empty(0);
  EXPECT_THROW(open_disk(file_options(empty.path())), ConfigError);
  const TemporaryFile scrap(511);
  EXPECT_THROW(open_disk(file_options(scrap.path())), ConfigError);
}

TEST(OpenDisk, DoesNotWaitForAPipe) {
  const std::string path = ::testing::TempDir() + "skiff-pipe-" + std::to_string(::getpid());
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  EXPECT_THROW(open_disk(file_options(path)), ConfigError);
  ::unlink(path.c_str());
}

TEST(OpenDisk, WhatIsNoWholeBlockIsNotSeen) {
  const TemporaryFile file(4096 * 3 + 700);
  EXPECT_EQ(open_disk(file_options(file.path()))->capacity(), 4096U * 3 + 512);
  DiskOptions options = file_options(file.path());
  options.block_size = 4096;
  const auto disk = open_disk(options);
  EXPECT_EQ(disk->capacity(), 4096U * 3);
  EXPECT_EQ(disk->info().block_size, 4096U);
  EXPECT_GE(disk->info().physical_block_size, 4096U);
}

TEST(OpenDisk, RefusesBlockSizesThatNoDriverKnows) {
  const TemporaryFile file(1 << 20);
  for (const std::uint32_t size : {1U, 256U, 513U, 768U, 131072U, 0x80000000U}) {
    DiskOptions options = file_options(file.path());
    options.block_size = size;
    EXPECT_THROW(open_disk(options), ConfigError) << size;
    options.kind = DiskKind::memory;
    options.size = 1 << 20;
    EXPECT_THROW(open_disk(options), ConfigError) << size;
  }
}

TEST(OpenDisk, OneWriterOrManyReaders) {
  const TemporaryFile file(1 << 20);
  DiskOptions writer = file_options(file.path());
  DiskOptions reader = writer;
  reader.read_only = true;
  {
    const auto first = open_disk(writer);
    EXPECT_THROW(open_disk(writer), HostError);
    EXPECT_NE(refusal(writer).find("uses it twice"), std::string::npos) << refusal(writer);
    EXPECT_NE(refusal(reader).find("uses it twice"), std::string::npos);
    DiskOptions careless = writer;
    careless.lock = false;
    EXPECT_EQ(refusal(careless), "");
    EXPECT_EQ(refusal(careless), "");
    EXPECT_NE(refusal(reader), "") << "closing an unlocked one took the lock away";
  }
  {
    const auto one = open_disk(reader);
    const auto two = open_disk(reader);
    EXPECT_NE(refusal(writer), "");
  }
  EXPECT_EQ(refusal(writer), "");
}

TEST(OpenDisk, NamesTheProcessThatHoldsIt) {
  const TemporaryFile file(1 << 20);
  int ready[2];
  int end[2];
  ASSERT_EQ(::pipe(ready), 0);
  ASSERT_EQ(::pipe(end), 0);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  char byte = 0;
  if (child == 0) {
    ::close(end[1]);
    const int fd = ::open(file.path().c_str(), O_RDWR);
    struct flock lock{};
    lock.l_type = F_WRLCK;
    if (::fcntl(fd, F_OFD_SETLK, &lock) != 0) ::_exit(1);
    if (::write(ready[1], &byte, 1) != 1) ::_exit(1);
    ::_exit(::read(end[0], &byte, 1) == 0 ? 0 : 1);
  }
  ::close(end[0]);
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  const std::string why = refusal(file_options(file.path()));
  EXPECT_NE(why.find("process " + std::to_string(child)), std::string::npos) << why;
  ::close(end[1]);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  ::close(ready[0]);
  ::close(ready[1]);
}

// The lock goes with the disk, not with what the kernel still holds of an io_uring.
TEST(OpenDisk, CanBeOpenedAgainAtOnce) {
  const TemporaryFile file(1 << 20);
  for (int i = 0; i < 20; ++i) {
    DiskUser user(file_options(file.path()));
    EXPECT_EQ(user.write(0, pattern(512)), 0);
  }
}

TEST(OpenDisk, MemoryKeepsWhatIsWritten) {
  DiskOptions options;
  options.kind = DiskKind::memory;
  options.size = (1 << 20) + 100;
  DiskUser user(options);
  EXPECT_STREQ(user.queue->engine(), "memory");
  EXPECT_EQ(user.disk->capacity(), 1U << 20);
  const std::string bytes = pattern(65536);
  EXPECT_EQ(user.write(512, bytes, 999), 0);
  EXPECT_EQ(user.read(512, bytes.size(), 1001), bytes);
  EXPECT_EQ(user.run(DiskOperation::write_zeroes, 1024, 512), 0);
  EXPECT_EQ(user.read(1024, 512), std::string(512, '\0'));
  EXPECT_EQ(user.run(DiskOperation::discard, 2048, 32768), 0);
  EXPECT_EQ(user.read(1536, 512), bytes.substr(1024, 512));
  EXPECT_EQ(user.read(2048, 32768), std::string(32768, '\0'));
  EXPECT_EQ(user.read(2048 + 32768, 512), bytes.substr(2048 + 32768 - 512, 512));
  EXPECT_EQ(user.run(DiskOperation::flush), 0);
  EXPECT_NE(user.write(1 << 20, bytes), 0);
  options.size = 511;
  EXPECT_THROW(open_disk(options), ConfigError);
}

// The process's pages in memory, the second number (proc_pid_statm(5)).
std::uint64_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  std::uint64_t size = 0;
  std::uint64_t resident = 0;
  file >> size >> resident;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

TEST(OpenDisk, MemoryIsTakenAtOnceOnlyWhereThatIsAsked) {
  constexpr std::uint64_t kWholeSize = 64 * MiB;
  const std::uint64_t before = resident_bytes();
  const auto lazy = open_disk({.kind = DiskKind::memory, .path = {}, .size = kWholeSize});
  EXPECT_LT(resident_bytes(), before + kWholeSize / 2);
  const auto whole =
      open_disk({.kind = DiskKind::memory, .path = {}, .size = kWholeSize, .prefault = true});
  EXPECT_GE(resident_bytes(), before + kWholeSize / 2);
}

TEST(OpenDisk, NullForgets) {
  DiskOptions options;
  options.kind = DiskKind::null;
  options.size = 1ULL << 50;
  DiskUser user(options);
  EXPECT_STREQ(user.queue->engine(), "null");
  EXPECT_EQ(user.write(0, pattern(512)), 0);
  EXPECT_EQ(user.read(0, 512), std::string(512, '\0'));
  EXPECT_EQ(user.run(DiskOperation::discard, 0, 1ULL << 40), 0);
  const EventFd bell;
  const int fd = bell.fd();
  ASSERT_TRUE(user.queue->set_bells(std::span(&fd, 1)));
  bell.signal();
  user.clock.run();
  EXPECT_EQ(user.wakes, 1);
}

}  // namespace
}  // namespace skiff
