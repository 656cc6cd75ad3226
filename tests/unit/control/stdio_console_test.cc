// The console on pipes, in this process: its descriptors 0 and 1 are the test's meanwhile.
#include "vmm/control/stdio_console.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "tests/fakes/descriptor_limit.h"
#include "tests/fakes/fake_character_device.h"
#include "vmm/base/error.h"

namespace skiff {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

// While it lives nothing may be asserted: a failure is printed on stdout.
class Redirected {
 public:
  Redirected(int in, int out) : in_(::dup(0)), out_((std::fflush(stdout), ::dup(1))) {
    ::dup2(in, 0);
    ::dup2(out, 1);
  }
  ~Redirected() {
    ::dup2(in_.get(), 0);
    ::dup2(out_.get(), 1);
  }
  Redirected(const Redirected&) = delete;
  Redirected& operator=(const Redirected&) = delete;

 private:
  const Fd in_;
  const Fd out_;
};

class StdioConsoleTest : public testing::Test {
 protected:
  StdioConsoleTest() {
    ::signal(SIGPIPE, SIG_IGN);
    make_pipe(in_read_, in_write_);
    make_pipe(out_read_, out_write_);
    ::fcntl(out_read_.get(), F_SETFL, O_NONBLOCK);
  }
  static void make_pipe(Fd& read, Fd& write) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) std::abort();
    read = Fd(ends[0]);
    write = Fd(ends[1]);
  }
  std::unique_ptr<StdioConsole> create() {
    return std::make_unique<StdioConsole>(
        io_, StdioConsoleOptions{},
        StdioConsole::Handlers{.on_action = [](ConsoleAction) {},
                               .on_output_lost = [this](const std::string& why) { lost_ += why; }});
  }
  void run(const std::function<bool()>& done) {
    const auto end = std::chrono::steady_clock::now() + 10s;
    while (!done() && std::chrono::steady_clock::now() < end)
      io_.run_one_for(1ms);
  }
  void run_for(std::chrono::milliseconds time) {
    const auto end = std::chrono::steady_clock::now() + time;
    run([end] { return std::chrono::steady_clock::now() > end; });
  }
  void read_output() {
    char buffer[4096];
    const ssize_t count = ::read(out_read_.get(), buffer, sizeof buffer);
    if (count > 0) output_.append(buffer, static_cast<std::size_t>(count));
  }
  static std::size_t put(ByteSink& sink, std::string_view text) {
    return sink.write(std::as_bytes(std::span(text)));
  }

  boost::asio::io_context io_{1};
  Fd in_read_, in_write_, out_read_, out_write_;
  FakeCharacterDevice device_;
  std::string output_;
  std::string lost_;
};

TEST_F(StdioConsoleTest, BytesGoBothWays) {
  {
    const Redirected redirected(in_read_.get(), out_write_.get());
    const auto console = create();
    console->attach(&device_);
    put(*console, "from the guest");
    [[maybe_unused]] const auto written = ::write(in_write_.get(), "to the \x01x guest", 15);
    run([this] {
      read_output();
      return device_.text.size() == 15 && output_.size() == 14;
    });
  }
  EXPECT_EQ(output_, "from the guest");
  EXPECT_EQ(device_.text, "to the \x01x guest");  // escapes are for terminals
}

TEST_F(StdioConsoleTest, InputWaitsForRoomAndLosesNothing) {
  std::string sent;
  std::size_t most_unread = 0;
  {
    const Redirected redirected(in_read_.get(), out_write_.get());
    const auto console = create();
    device_.room = 10;
    console->attach(&device_);
    for (int number = 0; sent.size() < 20'000; ++number)
      sent += std::to_string(number) + ",";
    [[maybe_unused]] const auto written = ::write(in_write_.get(), sent.data(), sent.size());
    in_write_.reset();
    run_for(20ms);
    most_unread = device_.text.size();
    for (int round = 0; round < 5000 && device_.text.size() < sent.size(); ++round) {
      device_.make_room(16);
      io_.run_one_for(1ms);
      io_.poll();
    }
  }
  EXPECT_EQ(most_unread, 10U);
  EXPECT_EQ(device_.text, sent);
}

TEST_F(StdioConsoleTest, InputWaitsWhileNobodyIsAttached) {
  FakeCharacterDevice next;
  {
    const Redirected redirected(in_read_.get(), out_write_.get());
    const auto console = create();
    device_.room = 3;
    console->attach(&device_);
    [[maybe_unused]] const auto written = ::write(in_write_.get(), "abcdef", 6);
    run([this] { return device_.text.size() == 3; });
    console->attach(nullptr);  // the guest has reset itself
    run_for(10ms);
    console->attach(&next);
    run([&] { return next.text.size() == 3; });
  }
  EXPECT_EQ(device_.text, "abc");
  EXPECT_EQ(next.text, "def");
}

TEST_F(StdioConsoleTest, AFullPipeHoldsTheGuestAndTellsTheDeviceWhenItMoves) {
  ::fcntl(out_write_.get(), F_SETPIPE_SZ, 4096);
  const std::string text(200'000, 'z');
  std::size_t taken = 0;
  bool writable = true;
  int told_too_early = 0;
  {
    const Redirected redirected(in_read_.get(), out_write_.get());
    const auto console = create();
    console->attach(&device_);
    for (int round = 0; round < 20; ++round) {
      taken += put(*console, std::string_view(text).substr(taken));
      run_for(2ms);
    }
    writable = console->writable();
    told_too_early = device_.transmit_rooms;
    run([&] {
      read_output();
      return device_.transmit_rooms > told_too_early;
    });
    const std::size_t more = put(*console, std::string_view(text).substr(taken, 1000));
    taken += more;
    std::thread reader([this, &taken] {
      while (output_.size() < taken) {
        read_output();
        std::this_thread::sleep_for(100us);
      }
    });
    console->drain([](auto stalled) { return stalled > 10s; });
    reader.join();
  }
  EXPECT_FALSE(writable);
  EXPECT_LT(taken, 4096U + 2 * OutputRing::kCapacity);
  EXPECT_GT(device_.transmit_rooms, told_too_early);
  EXPECT_EQ(output_.size(), taken);
}

TEST_F(StdioConsoleTest, DrainWaitsForWhatTheDeviceStillHas) {
  {
    const Redirected redirected(in_read_.get(), out_write_.get());
    const auto console = create();
    console->attach(&device_);
    int left = 3;
    device_.more_output = [&] {
      if (left == 0) return true;
      put(*console, "last ");
      --left;
      return false;
    };
    EXPECT_TRUE(console->drain([](auto stalled) { return stalled > 10s; }));
    read_output();
  }
  EXPECT_EQ(output_, "last last last ");
}

TEST_F(StdioConsoleTest, TheWindowsSizeGoesToTheDevice) {
  const Fd terminal(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  ASSERT_EQ(::grantpt(terminal.get()), 0);
  ASSERT_EQ(::unlockpt(terminal.get()), 0);
  const Fd window(::open(::ptsname(terminal.get()), O_RDWR | O_NOCTTY | O_CLOEXEC));
  winsize size{.ws_row = 25, .ws_col = 80, .ws_xpixel = 0, .ws_ypixel = 0};
  ::ioctl(window.get(), TIOCSWINSZ, &size);
  std::pair<int, int> first;
  std::pair<int, int> second;
  {
    const Redirected redirected(in_read_.get(), window.get());
    const auto console = create();
    console->attach(&device_);
    first = device_.window;
    size.ws_col = 132;
    ::ioctl(window.get(), TIOCSWINSZ, &size);
    console->update_window_size();
    second = device_.window;
    console->attach(nullptr);
    console->update_window_size();
  }
  EXPECT_EQ(first, std::pair(80, 25));
  EXPECT_EQ(second, std::pair(132, 25));
}

TEST_F(StdioConsoleTest, DrainGivesUpWhenToldToAndSaysSo) {
  ::fcntl(out_write_.get(), F_SETPIPE_SZ, 4096);
  bool complete = true;
  {
    const Redirected redirected(in_read_.get(), out_write_.get());
    const auto console = create();
    put(*console, std::string(10'000, 'z'));
    complete = console->drain([](auto stalled) { return stalled > 60ms; });
    read_output();
  }
  EXPECT_FALSE(complete);
  EXPECT_EQ(output_.size(), 4096U);  // what the pipe takes without a wait is written all the same
}

TEST_F(StdioConsoleTest, ALostReaderIsSaidOnceAndTheGuestRunsOn) {
  std::size_t taken = 0;
  {
    const Redirected redirected(in_read_.get(), out_write_.get());
    out_write_.reset();
    const auto console = create();
    console->attach(&device_);
    out_read_.reset();
    put(*console, "abc");
    run([this] { return !lost_.empty(); });
    taken = put(*console, std::string(100'000, 'x'));
    run_for(5ms);
  }
  EXPECT_EQ(lost_, "cannot write the guest's console to stdout: Broken pipe");
  EXPECT_EQ(taken, 100'000U);
}

TEST_F(StdioConsoleTest, NeitherDescriptionBecomesNonBlocking) {
  int in_flags = 0;
  int out_flags = 0;
  {
    const Redirected redirected(in_read_.get(), out_write_.get());
    const auto console = create();
    console->attach(&device_);
    put(*console, std::string(OutputRing::kCapacity, 'z'));
    run_for(20ms);
    in_flags = ::fcntl(0, F_GETFL);
    out_flags = ::fcntl(1, F_GETFL);
  }
  EXPECT_EQ(in_flags & O_NONBLOCK, 0);
  EXPECT_EQ(out_flags & O_NONBLOCK, 0);
}

TEST_F(StdioConsoleTest, AStdoutThatCannotBeWrittenIsAHostError) {
  std::string message;
  {
    const Fd wrong(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    const Redirected redirected(in_read_.get(), wrong.get());
    try {
      create();
    } catch (const HostError& error) {
      message = error.what();
    }
  }
  EXPECT_THAT(message, HasSubstr("stdout is closed"));
}

TEST_F(StdioConsoleTest, WithoutDescriptorsItSaysSo) {
  if (DescriptorLimit::sanitizer_needs_descriptors()) GTEST_SKIP() << "a sanitizer needs them";
  std::string message;
  {
    const Redirected redirected(in_read_.get(), out_write_.get());
    const DescriptorLimit limit;
    try {
      create();
    } catch (const HostError& error) {
      message = error.what();
    }
  }
  EXPECT_THAT(message, HasSubstr("ulimit -n"));
}

}  // namespace
}  // namespace skiff
