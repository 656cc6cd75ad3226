#include "vmm/base/fd.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <string>
#include <utility>

#include "tests/fakes/descriptor_limit.h"
#include "vmm/base/error.h"
#include "vmm/base/event_fd.h"

namespace skiff {
namespace {

bool is_open(int fd) {
  return ::fcntl(fd, F_GETFD) >= 0;
}

Fd open_null() {
  return Fd(::open("/dev/null", O_RDWR | O_CLOEXEC));
}

TEST(Fd, ClosesAtTheEndOfItsLife) {
  int number = -1;
  {
    const Fd fd = open_null();
    number = fd.get();
    ASSERT_TRUE(is_open(number));
  }
  EXPECT_FALSE(is_open(number));
}

TEST(Fd, MoveLeavesTheSourceEmptyAndClosesTheTarget) {
  Fd a = open_null();
  Fd b = open_null();
  const int from = a.get();
  const int replaced = b.get();
  b = std::move(a);
  EXPECT_FALSE(a);  // NOLINT(bugprone-use-after-move): that is what is tested
  EXPECT_EQ(b.get(), from);
  EXPECT_TRUE(is_open(from));
  EXPECT_FALSE(is_open(replaced));
  Fd& same = b;
  b = std::move(same);
  EXPECT_TRUE(is_open(b.get()));
}

TEST(Fd, ReleaseKeepsItOpenAndZeroIsADescriptor) {
  Fd fd = open_null();
  const int number = fd.release();
  EXPECT_FALSE(fd);
  EXPECT_TRUE(is_open(number));
  ::close(number);
  Fd zero(0);
  EXPECT_TRUE(zero);
  EXPECT_EQ(zero.release(), 0);
  EXPECT_FALSE(Fd());
}

TEST(EventFd, SignalsAddUpAndConsumeTakesThemAll) {
  const EventFd event;
  EXPECT_FALSE(event.consume());
  event.signal();
  event.signal();
  pollfd poll{.fd = event.fd(), .events = POLLIN, .revents = 0};
  EXPECT_EQ(::poll(&poll, 1, 0), 1);
  EXPECT_TRUE(event.consume());
  EXPECT_FALSE(event.consume());
  EXPECT_EQ(::poll(&poll, 1, 0), 0);
}

TEST(EventFd, SaturatedCounterNeitherBlocksNorLosesTheWakeUp) {
  const EventFd event;
  const std::uint64_t nearly_full = ~0ULL - 1;  // eventfd(2): the greatest value that may be stored
  ASSERT_EQ(::write(event.fd(), &nearly_full, sizeof nearly_full), 8);
  event.signal();
  EXPECT_TRUE(event.consume());
}

TEST(EventFd, IsCloseOnExec) {
  const EventFd event;
  EXPECT_NE(::fcntl(event.fd(), F_GETFD) & FD_CLOEXEC, 0);
}

TEST(EventFd, DescriptorLimitIsAnErrorThatSaysSo) {
  if (DescriptorLimit::sanitizer_needs_descriptors()) GTEST_SKIP() << "not under this sanitizer";
  std::string message;
  {
    const DescriptorLimit limit;
    try {
      const EventFd event;
    } catch (const HostError& error) {
      message = error.what();
    }
  }
  EXPECT_EQ(message,
            "cannot create an eventfd: Too many open files; raise the process limit on open files "
            "(`ulimit -n`)");
}

TEST(HostError, NamesTheErrno) {
  EXPECT_STREQ(HostError::from_errno("cannot open x", ENOENT).what(),
               "cannot open x: No such file or directory");
}

}  // namespace
}  // namespace skiff
