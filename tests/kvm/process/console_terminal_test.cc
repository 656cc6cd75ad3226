// The console on a terminal: raw while the guest has it, given back on every way out.
#include <dirent.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "tests/kvm/process/skiff_process.h"
#include "tests/kvm/require_kvm.h"

namespace skiff::test {
namespace {

using testing::HasSubstr;

class ConsoleTerminal : public testing::Test {
 protected:
  void SetUp() override {
    SKIFF_REQUIRE_KVM();
    int master = -1;
    int slave = -1;
    char name[64];
    ASSERT_EQ(::openpty(&master, &slave, name, nullptr, nullptr), 0);
    master_ = Fd(master);
    slave_ = Fd(slave);
    name_ = name;
    ::fcntl(master, F_SETFD, FD_CLOEXEC);
    ::fcntl(slave, F_SETFD, FD_CLOEXEC);
    // A mode of the person's own, to be found again.
    termios modes = this->modes();
    modes.c_cc[VERASE] = 0x08;
    ::tcsetattr(slave, TCSANOW, &modes);
    before_ = this->modes();
  }

  void start(const std::string& program, const std::string& command_line = {},
             const std::vector<std::string>& more = {}) {
    process_.emplace(guest_arguments(program, command_line, more),
                     ProcessOptions{.terminal = slave_.get()});
    process_->watch(master_.get());
  }
  termios modes() const {
    termios now{};
    ::tcgetattr(slave_.get(), &now);
    return now;
  }
  bool is_raw() const { return (modes().c_lflag & (ICANON | ECHO | ISIG)) == 0; }
  bool is_restored() const {
    const termios now = modes();
    return now.c_iflag == before_.c_iflag && now.c_oflag == before_.c_oflag &&
           now.c_lflag == before_.c_lflag && now.c_cflag == before_.c_cflag &&
           std::equal(std::begin(now.c_cc), std::end(now.c_cc), std::begin(before_.c_cc));
  }
  bool becomes(bool raw, std::chrono::milliseconds patience = 10s) {
    for (auto left = patience; left > 0ms; left -= 20ms) {
      if (raw ? is_raw() : is_restored()) return true;
      process_->run_for(20ms);
    }
    return raw ? is_raw() : is_restored();
  }
  void type(std::string_view keys) const {
    ASSERT_EQ(::write(master_.get(), keys.data(), keys.size()), static_cast<ssize_t>(keys.size()));
  }
  // How many processes hold this terminal open besides the test.
  std::vector<std::string> holders() const {
    std::vector<std::string> found;
    std::error_code error;
    for (const auto& process : std::filesystem::directory_iterator("/proc", error)) {
      const std::string pid = process.path().filename();
      if (std::atoi(pid.c_str()) <= 0 || std::atoi(pid.c_str()) == ::getpid()) continue;
      if (std::filesystem::read_symlink(process.path() / "fd/0", error) == name_) {
        found.push_back(pid + " " + read_file(process.path() / "comm"));
      }
    }
    return found;
  }
  void expect_nobody_left() {
    for (int round = 0; round < 100 && !holders().empty(); ++round)
      process_->run_for(20ms);
    EXPECT_THAT(holders(), testing::IsEmpty());
  }

  Fd master_;
  Fd slave_;
  std::string name_;
  termios before_{};
  std::optional<SkiffProcess> process_;
};

TEST_F(ConsoleTerminal, IsRawWhileTheGuestRunsAndRestoredAtItsEnd) {
  start("echo", "until=4");
  ASSERT_TRUE(process_->expect_out("echo: ready"));
  EXPECT_TRUE(is_raw());
  EXPECT_THAT(process_->out(), HasSubstr("Ctrl-A h for help"));
  type("hello\x04");
  EXPECT_EQ(process_->wait(), 0);
  EXPECT_TRUE(is_restored());
  EXPECT_THAT(process_->out(), HasSubstr("hello\necho: 5 bytes"));
  expect_nobody_left();
}

TEST_F(ConsoleTerminal, ControlCharactersAreTheGuests) {
  start("echo", "until=4");
  ASSERT_TRUE(process_->expect_out("echo: ready"));
  // Ctrl-C, Ctrl-Z, Ctrl-\, Ctrl-S, Ctrl-Q, Ctrl-V, carriage return
  type("<\x03\x1a\x1c\x13\x11\x16\r>\x04");
  EXPECT_EQ(process_->wait(), 0);
  EXPECT_THAT(process_->out(), HasSubstr("<\x03\x1a\x1c\x13\x11\x16\r>"));
}

TEST_F(ConsoleTerminal, AMessageOfSkiffKeepsItsLinesStraightOnARawTerminal) {
  start("fault");
  EXPECT_EQ(process_->wait(), 123);
  const std::size_t report = process_->out().find("error");
  ASSERT_NE(report, std::string::npos);
  EXPECT_THAT(process_->out().substr(report), HasSubstr("triple fault"));
  for (std::size_t at = process_->out().find('\n', report); at != std::string::npos;
       at = process_->out().find('\n', at + 1)) {
    EXPECT_EQ(process_->out()[at - 1], '\r');
  }
  EXPECT_TRUE(is_restored());
}

TEST_F(ConsoleTerminal, EscapeThenXStopsTheGuest) {
  start("spin");
  ASSERT_TRUE(process_->expect_out("spinning"));
  type("\x01x");
  EXPECT_EQ(process_->wait(10s), 143);
  EXPECT_TRUE(is_restored());
  expect_nobody_left();
}

TEST_F(ConsoleTerminal, EscapeThenHHelps) {
  start("echo", "until=4");
  ASSERT_TRUE(process_->expect_out("echo: ready"));
  type("a\x01hb");
  EXPECT_TRUE(process_->expect_out("power button"));
  type("\x04");
  EXPECT_EQ(process_->wait(), 0);
  EXPECT_THAT(process_->out(), HasSubstr("echo: 2 bytes"));
}

TEST_F(ConsoleTerminal, EscapeTwiceSendsOneAndUnknownKeysAreTheGuests) {
  start("echo", "until=4");
  ASSERT_TRUE(process_->expect_out("echo: ready"));
  type("<\x01\x01\x01z>\x04");
  EXPECT_EQ(process_->wait(), 0);
  EXPECT_THAT(process_->out(), HasSubstr("<\x01\x01z>\necho: 5 bytes"));
}

TEST_F(ConsoleTerminal, AnotherEscapeKeyAndNone) {
  start("echo", "until=4", {"--set", "console.escape=ctrl-b"});
  ASSERT_TRUE(process_->expect_out("echo: ready"));
  EXPECT_THAT(process_->out(), HasSubstr("Ctrl-B h for help"));
  type("<\x01x>\x02\x02\x04");
  EXPECT_EQ(process_->wait(), 0);
  EXPECT_THAT(process_->out(), HasSubstr("<\x01x>\x02\necho: 5 bytes"));

  start("echo", "until=4", {"--set", "console.escape=none"});
  ASSERT_TRUE(process_->expect_out("echo: ready"));
  EXPECT_THAT(process_->out(), testing::Not(HasSubstr("for help")));
  type("<\x01x\x01h>\x04");
  EXPECT_EQ(process_->wait(), 0);
  EXPECT_THAT(process_->out(), HasSubstr("<\x01x\x01h>\necho: 6 bytes"));
}

TEST_F(ConsoleTerminal, EscapeThenRResetsTheGuest) {
  start("spin");
  ASSERT_TRUE(process_->expect_out("spinning\n"));
  type("\x01r");
  const auto lives = [this] {
    const std::string& text = process_->out();
    return text.find("spinning") != text.rfind("spinning");
  };
  for (int round = 0; round < 500 && !lives(); ++round)
    process_->run_for(20ms);
  EXPECT_TRUE(lives());
  EXPECT_TRUE(is_raw());
  type("\x01x");
  EXPECT_EQ(process_->wait(10s), 143);
}

TEST_F(ConsoleTerminal, ALongPasteArrivesWhole) {
  start("echo", "until=4 irq");
  ASSERT_TRUE(process_->expect_out("echo: ready\n"));
  std::string text;
  for (int line = 0; text.size() < 12'000; ++line)
    text += "line " + std::to_string(line) + " of a long paste\r";
  ::fcntl(master_.get(), F_SETFL, O_NONBLOCK);
  std::string rest = text + '\x04';
  for (int round = 0; round < 3000 && !rest.empty(); ++round) {
    const ssize_t count = ::write(master_.get(), rest.data(), rest.size());
    if (count > 0) rest.erase(0, static_cast<std::size_t>(count));
    process_->run_for(10ms);
  }
  EXPECT_EQ(process_->wait(), 0);
  EXPECT_NE(process_->out().find("ready\n" + text + "\necho: "), std::string::npos);
}

class WaysOut : public ConsoleTerminal, public testing::WithParamInterface<int> {};

TEST_P(WaysOut, TheTerminalIsRestored) {
  const int number = GetParam();
  start("spin");
  ASSERT_TRUE(process_->expect_out("spinning"));
  ASSERT_TRUE(is_raw());
  process_->kill(number);
  const Ending ending = process_->wait(20s);
  if (number == SIGTERM || number == SIGINT || number == SIGHUP) {
    EXPECT_EQ(ending, 128 + number);
    EXPECT_TRUE(is_restored());  // at once, by Skiff itself
  } else {
    EXPECT_EQ(ending.signal, number);
    EXPECT_TRUE(becomes(false));
  }
  expect_nobody_left();
}

INSTANTIATE_TEST_SUITE_P(BySignal, WaysOut,
                         testing::Values(SIGTERM, SIGINT, SIGHUP, SIGKILL, SIGSEGV, SIGABRT,
                                         SIGQUIT, SIGBUS));

// `kill -9 %1` of a shell goes to the whole process group.
TEST_F(ConsoleTerminal, IsRestoredWhenTheWholeProcessGroupIsKilled) {
  start("spin");
  ASSERT_TRUE(process_->expect_out("spinning"));
  ASSERT_TRUE(is_raw());
  ASSERT_EQ(::kill(-process_->pid(), SIGKILL), 0);
  EXPECT_EQ(process_->wait(20s).signal, SIGKILL);
  EXPECT_TRUE(becomes(false));
  expect_nobody_left();
}

TEST_F(ConsoleTerminal, IsRestoredWhileStoppedAndRawAgainAfterwards) {
  start("echo", "until=4");
  ASSERT_TRUE(process_->expect_out("echo: ready"));
  for (int round = 0; round < 2; ++round) {
    process_->kill(SIGTSTP);
    ASSERT_TRUE(process_->wait_until_stopped());
    EXPECT_TRUE(is_restored());
    process_->kill(SIGCONT);
    EXPECT_TRUE(becomes(true));
  }
  type("x\x04");
  EXPECT_EQ(process_->wait(), 0);
  EXPECT_TRUE(is_restored());
  EXPECT_THAT(process_->out(), HasSubstr("x\necho: 1 bytes"));
}

TEST_F(ConsoleTerminal, WhatWasSetWhileStoppedIsWhatIsRestored) {
  start("echo", "until=4");
  ASSERT_TRUE(process_->expect_out("echo: ready"));
  process_->kill(SIGTSTP);
  ASSERT_TRUE(process_->wait_until_stopped());
  before_.c_cc[VERASE] = 0x7f;
  ::tcsetattr(slave_.get(), TCSANOW, &before_);
  process_->kill(SIGCONT);
  ASSERT_TRUE(becomes(true));
  type("\x04");
  EXPECT_EQ(process_->wait(), 0);
  EXPECT_TRUE(is_restored());
}

// Nobody is told of a SIGSTOP; the shell puts its own modes, `fg` continues.
TEST_F(ConsoleTerminal, IsRawAgainAfterAStopThatCannotBeCaught) {
  start("echo", "until=4");
  ASSERT_TRUE(process_->expect_out("echo: ready"));
  process_->kill(SIGSTOP);
  ASSERT_TRUE(process_->wait_until_stopped());
  ::tcsetattr(slave_.get(), TCSANOW, &before_);
  process_->kill(SIGCONT);
  EXPECT_TRUE(becomes(true));
  type("\x04");
  EXPECT_EQ(process_->wait(), 0);
  EXPECT_TRUE(is_restored());
}

TEST_F(ConsoleTerminal, KilledWhileStoppedItLeavesTheShellsModesAlone) {
  start("spin");
  ASSERT_TRUE(process_->expect_out("spinning"));
  process_->kill(SIGTSTP);
  ASSERT_TRUE(process_->wait_until_stopped());
  termios shells = before_;
  shells.c_lflag &= ~static_cast<tcflag_t>(ECHO);
  ::tcsetattr(slave_.get(), TCSANOW, &shells);
  process_->kill(SIGKILL);
  EXPECT_EQ(process_->wait(20s).signal, SIGKILL);
  expect_nobody_left();
  EXPECT_EQ(modes().c_lflag, shells.c_lflag);
}

TEST_F(ConsoleTerminal, ATerminalThatGoesAwayEndsTheRun) {
  start("flood", "kb=100000");
  ASSERT_TRUE(process_->expect_out("00000000 "));
  process_->ignore_output();
  slave_.reset();
  master_.reset();
  const Ending ending = process_->wait(20s);
  EXPECT_FALSE(ending.timed_out);
  EXPECT_EQ(ending.signal, 0);
}

// A shell's job: started in the background, brought to the foreground without a signal.
TEST_F(ConsoleTerminal, InTheBackgroundTheTerminalIsLeftAlone) {
  int orders[2];
  ASSERT_EQ(::pipe(orders), 0);
  const std::vector<std::string> arguments = guest_arguments("echo", "until=4");
  const pid_t shell = ::fork();
  if (shell == 0) {
    ::setsid();
    ::ioctl(slave_.get(), TIOCSCTTY, 0);
    ::signal(SIGTTOU, SIG_IGN);
    const pid_t job = ::fork();
    if (job == 0) {
      ::setpgid(0, 0);
      ::signal(SIGTTOU, SIG_DFL);
      for (int fd = 0; fd < 3; ++fd)
        ::dup2(slave_.get(), fd);
      std::vector<char*> words = {const_cast<char*>(SKIFF_PROGRAM)};
      for (const std::string& argument : arguments)
        words.push_back(const_cast<char*>(argument.c_str()));
      words.push_back(nullptr);
      ::execv(SKIFF_PROGRAM, words.data());
      ::_exit(98);
    }
    char order = 0;
    if (::read(orders[0], &order, 1) == 1) ::tcsetpgrp(slave_.get(), job);
    int status = 0;
    ::waitpid(job, &status, WUNTRACED);
    ::_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 97);
  }
  std::string seen;
  const auto read_until = [&](std::string_view text) {
    ::fcntl(master_.get(), F_SETFL, O_NONBLOCK);
    for (int round = 0; round < 3000 && seen.find(text) == std::string::npos; ++round) {
      char buffer[4096];
      const ssize_t count = ::read(master_.get(), buffer, sizeof buffer);
      if (count > 0) seen.append(buffer, static_cast<std::size_t>(count));
      ::usleep(10'000);
    }
    return seen.find(text) != std::string::npos;
  };
  EXPECT_TRUE(read_until("echo: ready"));
  EXPECT_TRUE(is_restored());
  EXPECT_EQ(::write(orders[1], "f", 1), 1);
  for (int round = 0; round < 500 && !is_raw(); ++round)
    ::usleep(20'000);
  EXPECT_TRUE(is_raw());
  type("y\x04");
  EXPECT_TRUE(read_until("echo: 1 bytes"));
  int status = 0;
  ASSERT_EQ(::waitpid(shell, &status, 0), shell);
  EXPECT_EQ(status, 0);
  EXPECT_TRUE(is_restored());
  ::close(orders[0]);
  ::close(orders[1]);
}

}  // namespace
}  // namespace skiff::test
