// Raw UNIX sockets and pseudo-terminals of a console.
#include <sys/un.h>
#include <termios.h>

#include <cstring>
#include <filesystem>

#include "tests/fakes/descriptor_limit.h"
#include "tests/unit/control/console/hub_fixture.h"
#include "vmm/base/error.h"
#include "vmm/control/console/console_pty.h"
#include "vmm/control/console/raw_socket.h"

namespace skiff {
namespace {

namespace fs = std::filesystem;

class EndpointTest : public HubTest {
 protected:
  EndpointTest() : folder_(fs::path(testing::TempDir()) / ("ends" + std::to_string(::getpid()))) {
    fs::create_directories(folder_);
  }
  ~EndpointTest() override { fs::remove_all(folder_); }

  static Fd connect(const std::string& path) {
    Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    if (::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
      socket.reset();
    }
    return socket;
  }
  static Fd open_pty(const ConsolePty& pty) {
    return Fd(::open(pty.link().c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
  }
  // Reads until `wanted` has come.
  bool brings(const Fd& stream, std::string_view wanted) {
    std::string text;
    return run([&] {
             char buffer[4096];
             const ssize_t count = ::read(stream.get(), buffer, sizeof buffer);
             if (count > 0) text.append(buffer, static_cast<std::size_t>(count));
             return text.size() >= wanted.size();
           }) &&
           text == wanted;
  }
  // How many handlers run while nothing happens: 0 if nothing spins.
  std::size_t turns_while_idle() {
    settle();
    std::size_t turns = 0;
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(30);
    while (std::chrono::steady_clock::now() < end)
      turns += io_.run_one_for(std::chrono::milliseconds(30));
    return turns;
  }
  fs::path folder_;
};

TEST_F(EndpointTest, ASocketForSocat) {
  const std::string path = folder_ / "console.sock";
  put("before\r\n");
  auto socket = std::make_unique<RawSocket>(io_, *hub_, path);
  const Fd first = connect(path);
  ASSERT_TRUE(first);
  EXPECT_TRUE(run([&] { return hub_->has_writer(); }));
  ASSERT_EQ(::send(first.get(), "root\n", 5, 0), 5);
  EXPECT_TRUE(brings(first, "before\r\n"));
  EXPECT_TRUE(run([&] { return device_.text == "root\n"; }));
  EXPECT_EQ(fs::status(path).permissions() & fs::perms::all,
            fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_EQ(turns_while_idle(), 0U);
  socket.reset();
  EXPECT_FALSE(fs::exists(path));
}

TEST_F(EndpointTest, NoDescriptorLeftIsSurvivedWithoutSpinning) {
  if (DescriptorLimit::sanitizer_needs_descriptors()) GTEST_SKIP() << "a sanitizer needs them";
  const std::string path = folder_ / "console.sock";
  RawSocket socket(io_, *hub_, path);
  const Fd waiting = connect(path);
  ASSERT_TRUE(waiting);
  {
    const DescriptorLimit none;
    EXPECT_LE(turns_while_idle(), 1U);
  }
  EXPECT_TRUE(run([&] { return hub_->client_count() == 1; })) << "it is taken in later";
}

TEST_F(EndpointTest, AtATerminalNobodyHasOpenTheGuestNeverWaits) {
  ConsolePty pty(io_, *hub_, folder_ / "console.pty");
  EXPECT_EQ(hub_->client_count(), 0U);
  const std::string flood(3 * OutputHistory::kCapacity, 'x');
  EXPECT_EQ(put(flood), flood.size());
  EXPECT_EQ(turns_while_idle(), 0U);
  {
    const Fd user = open_pty(pty);
  }
  settle();
  EXPECT_EQ(hub_->client_count(), 0U);
  EXPECT_EQ(put(flood), flood.size());
  EXPECT_EQ(turns_while_idle(), 0U);
}

TEST_F(EndpointTest, ATerminalIsReplayedToAndTypedAt) {
  put("before\r\n");
  ConsolePty pty(io_, *hub_, folder_ / "console.pty");
  Fd user = open_pty(pty);
  ASSERT_TRUE(user);
  EXPECT_TRUE(brings(user, "before\r\n"));
  termios modes{};
  ASSERT_EQ(::tcgetattr(user.get(), &modes), 0);
  EXPECT_EQ(modes.c_lflag & (ECHO | ICANON), 0U) << "not raw";
  ASSERT_EQ(::write(user.get(), "ls\r", 3), 3);
  EXPECT_TRUE(run([&] { return device_.text == "ls\r"; }));
  EXPECT_TRUE(hub_->has_writer());
  put("unread");
  settle();
  pollfd arrived{.fd = user.get(), .events = POLLIN, .revents = 0};
  ASSERT_EQ(::poll(&arrived, 1, 10'000), 1);
  ASSERT_EQ(::tcgetattr(user.get(), &modes), 0);
  modes.c_lflag |= ECHO;  // would type the guest's output at the guest
  ASSERT_EQ(::tcsetattr(user.get(), TCSANOW, &modes), 0);
  user.reset();
  EXPECT_TRUE(run([&] { return hub_->client_count() == 0; }));
  EXPECT_FALSE(hub_->has_writer());
  // Its close has been heard of, and what it left flushed: who is faster than that finds it.
  settle();
  user = open_pty(pty);
  EXPECT_TRUE(brings(user, "before\r\nunread"))
      << "what the first left unread comes twice, or never";
  EXPECT_EQ(device_.text, "ls\r");
  EXPECT_EQ(turns_while_idle(), 0U);
}

TEST_F(EndpointTest, AStuckTerminalIsPassedBy) {
  ConsolePty pty(io_, *hub_, folder_ / "console.pty");
  const Fd user = open_pty(pty);
  EXPECT_TRUE(run([&] { return hub_->client_count() == 1; }));
  const std::string text(3 * OutputHistory::kCapacity, 'x');
  std::size_t written = 0;
  EXPECT_TRUE(run([&] {
    written += put(std::string_view(text).substr(written));
    return written == text.size();
  }));
}

TEST_F(EndpointTest, ALinkThatCannotBeMadeIsAnError) {
  EXPECT_THROW(ConsolePty(io_, *hub_, "/nonexistent/x"), HostError);
  EXPECT_THROW(RawSocket(io_, *hub_, "/nonexistent/x"), HostError);
  EXPECT_THROW(RawSocket(io_, *hub_, std::string(200, 'x')), HostError);
}

}  // namespace
}  // namespace skiff
