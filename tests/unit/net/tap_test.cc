// A tap of this kernel, in a network namespace of the test's own, where that can be had.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include "tests/fakes/fake_clock.h"
#include "tests/unit/net/frames.h"
#include "vmm/base/error.h"
#include "vmm/base/log.h"
#include "vmm/net/tap_backend.h"

namespace skiff::net_test {
namespace {

using ::testing::HasSubstr;

constexpr int kNotPossible = 77;

// Runs `body` in a child process with a network of its own. Failures inside are told by its status.
void in_own_network(const std::function<void()>& body) {
  const pid_t pid = ::fork();
  ASSERT_GE(pid, 0);
  if (pid == 0) {
    if (::unshare(CLONE_NEWNET) != 0 && ::unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
      ::_exit(kNotPossible);
    const Fd tun(::open("/dev/net/tun", O_RDWR | O_CLOEXEC));
    ifreq request{};
    request.ifr_flags = IFF_TAP | IFF_NO_PI;
    if (!tun || ::ioctl(tun.get(), TUNSETIFF, &request) != 0) ::_exit(kNotPossible);
    body();
    ::_exit(::testing::Test::HasFailure() ? 1 : 0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(pid, &status, 0), pid);
  if (WIFEXITED(status) && WEXITSTATUS(status) == kNotPossible) {
    GTEST_SKIP() << "/dev/net/tun or network namespaces are not to be had here";
  }
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "see above; status " << status;
}

// The kernel's end of the tap, as a raw socket.
struct Cable {
  explicit Cable(const std::string& name) {
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_protocol = htons(3);  // ETH_P_ALL
    address.sll_ifindex = static_cast<int>(::if_nametoindex(name.c_str()));
    EXPECT_EQ(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  }
  void send(const std::string& frame) const {
    EXPECT_EQ(::send(socket.get(), frame.data(), frame.size(), 0),
              static_cast<ssize_t>(frame.size()));
  }
  // The next frame of protocol 0x88b5 (for experiments); the kernel sends some of its own.
  std::string receive() const {
    std::array<char, 70000> frame;
    for (int i = 0; i < 100; ++i) {
      const ssize_t size = ::recv(socket.get(), frame.data(), frame.size(), MSG_DONTWAIT);
      if (size < 0) break;
      const std::string bytes(frame.data(), static_cast<std::size_t>(size));
      if (size > 14 && bytes.substr(12, 2) == "\x88\xb5") return bytes;
    }
    return "";
  }
  Fd socket{::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0)};
};

std::string experiment(std::size_t size) {
  std::string frame = std::string("\x02\0\0\0\0\1\x02\0\0\0\0\2\x88\xb5", 14);
  frame.resize(size, 'x');
  return frame;
}
std::string receive_experiment(NetBackend& backend, std::uint16_t pair = 0) {
  while (const auto frame = receive_frame(backend, pair)) {
    if (frame->size() > 14 && frame->substr(12, 2) == "\x88\xb5") return *frame;
  }
  return "";
}
const NetBackend::Events kNoEvents = {.on_receivable = [](std::uint16_t) {},
                                      .on_sendable = [](std::uint16_t) {}};

TEST(Tap, FramesPassBothWays) {
  log_setup(LogLevel::off, "");
  in_own_network([] {
    const auto backend = open_net_backend({.type = NetType::tap, .tap = "skiff0"});
    EXPECT_EQ(backend->capabilities().description, "skiff0");
    EXPECT_EQ(backend->capabilities().mtu, 1500);
    EXPECT_TRUE(backend->capabilities().send.tso4);
    EXPECT_TRUE(backend->capabilities().receive.tso6);
    FakeClock clock;
    int receivable = 0;
    backend->start(clock, 1,
                   {.on_receivable = [&](std::uint16_t) { ++receivable; },
                    .on_sendable = [](std::uint16_t) {}});
    const Cable cable("skiff0");
    EXPECT_TRUE(send_frame(*backend, experiment(1514)));
    EXPECT_EQ(cable.receive(), experiment(1514));
    cable.send(experiment(100));
    backend->want_receive(0, true);
    clock.run(1);
    EXPECT_EQ(receivable, 1);
    EXPECT_EQ(receive_experiment(*backend), experiment(100));
    EXPECT_FALSE(receive_frame(*backend));
    backend->set_receive_offloads(backend->capabilities().receive);
    backend->stop();
  });
}

TEST(Tap, SeveralQueues) {
  log_setup(LogLevel::off, "");
  in_own_network([] {
    const auto backend = open_net_backend({.type = NetType::tap, .tap = "skiff0", .queues = 4});
    EXPECT_EQ(backend->capabilities().pairs, 4);
    FakeClock clock;
    backend->start(clock, 1, kNoEvents);
    const Cable cable("skiff0");
    // One queue is in use: every frame comes there.
    for (int i = 0; i < 8; ++i) {
      cable.send(experiment(100 + static_cast<std::size_t>(i)));
      EXPECT_EQ(receive_experiment(*backend).size(), 100U + static_cast<std::size_t>(i));
    }
    backend->set_pairs(4);
    for (std::uint16_t pair = 0; pair < 4; ++pair) {
      EXPECT_TRUE(send_frame(*backend, experiment(200), pair));
      EXPECT_EQ(cable.receive(), experiment(200));
    }
    backend->stop();
  });
}

TEST(Tap, AGivenDescriptorWithAndWithoutFrameHeader) {
  log_setup(LogLevel::off, "");
  in_own_network([] {
    for (const int header : {IFF_VNET_HDR, 0}) {
      Fd tun(::open("/dev/net/tun", O_RDWR));
      ifreq request{};
      request.ifr_flags = static_cast<short>(IFF_TAP | IFF_NO_PI | header);
      ASSERT_EQ(::ioctl(tun.get(), TUNSETIFF, &request), 0);
      const auto backend = open_net_backend({.type = NetType::tap, .fd = tun.release()});
      EXPECT_EQ(backend->capabilities().send.checksum, header != 0);
      FakeClock clock;
      backend->start(clock, 1, kNoEvents);
      const Cable cable(request.ifr_name);
      EXPECT_TRUE(send_frame(*backend, experiment(300)));
      EXPECT_EQ(cable.receive(), experiment(300));
      cable.send(experiment(301));
      EXPECT_EQ(receive_experiment(*backend), experiment(301));
      backend->stop();
    }
  });
}

TEST(Tap, ADeletedInterfaceIsAClosedWire) {
  log_setup(LogLevel::off, "");
  in_own_network([] {
    TapDevice tap = open_tap("skiff0", 1);
    ASSERT_EQ(::ioctl(tap.queues[0].get(), TUNSETPERSIST, 1), 0);
    const auto backend = std::make_unique<TapBackend>(std::move(tap), true);
    if (std::system("ip link delete skiff0 2>/dev/null") != 0) return;
    std::array<char, 100> room;
    const iovec buffer{room.data(), room.size()};
    EXPECT_EQ(backend->receive(0, std::span(&buffer, 1)).kind, ReceiveResult::Kind::closed);
  });
}

std::string error_of(const NetOptions& options) {
  try {
    open_net_backend(options);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(Tap, ErrorsSayWhatToDo) {
  log_setup(LogLevel::off, "");
  EXPECT_THAT(error_of({.type = NetType::tap}), HasSubstr("no name of a network interface"));
  EXPECT_THAT(error_of({.type = NetType::tap, .tap = "a-name-that-is-too-long"}),
              HasSubstr("no name of a network interface"));
  EXPECT_THAT(error_of({.type = NetType::tap, .fd = 1023}), HasSubstr("not open"));
  EXPECT_THAT(error_of({.type = NetType::tap, .fd = ::open("/dev/null", O_RDWR | O_CLOEXEC)}),
              HasSubstr("not a tap"));
  EXPECT_THAT(error_of({.type = NetType::tap, .fd = 0, .queues = 2}), HasSubstr("by name"));
  in_own_network([] {
    const auto first = open_net_backend({.type = NetType::tap, .tap = "skiff0"});
    EXPECT_THAT(error_of({.type = NetType::tap, .tap = "skiff0"}), HasSubstr("in use"));
  });
}

}  // namespace
}  // namespace skiff::net_test
