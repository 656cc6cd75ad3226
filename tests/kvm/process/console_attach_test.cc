// `skiff console`: attaching to the console of a named VM, as a user does.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>

#include <cstdlib>
#include <filesystem>

#include "tests/kvm/process/skiff_process.h"
#include "tests/kvm/require_kvm.h"

namespace skiff::test {
namespace {

using testing::HasSubstr;

class ConsoleAttach : public testing::Test {
 protected:
  void SetUp() override {
    SKIFF_REQUIRE_KVM();
    ::setenv("XDG_RUNTIME_DIR", folder_.file("").c_str(), 1);
    int master = -1;
    int slave = -1;
    ASSERT_EQ(::openpty(&master, &slave, nullptr, nullptr, nullptr), 0);
    master_ = Fd(master);
    slave_ = Fd(slave);
    ::fcntl(master, F_SETFD, FD_CLOEXEC);
    ::fcntl(slave, F_SETFD, FD_CLOEXEC);
  }
  void TearDown() override {
    const pid_t pid = vm_pid();
    if (pid > 0) ::kill(pid, SIGKILL);
  }
  pid_t vm_pid() const {
    return static_cast<pid_t>(std::atoi(read_file(folder_.file("skiff/vm/pid")).c_str()));
  }
  // The guest writes back what it reads, until the byte 4.
  void start_vm() const {
    const Finished started = run_skiff(
        guest_arguments("echo", "until=4", {"--detach", "--name", "vm"}), {.in = Plug::closed()});
    ASSERT_EQ(started.ending, 0) << started.err;
  }
  void type(std::string_view keys) const {
    ASSERT_EQ(::write(master_.get(), keys.data(), keys.size()), static_cast<ssize_t>(keys.size()));
  }
  bool is_raw() const {
    termios modes{};
    ::tcgetattr(slave_.get(), &modes);
    return (modes.c_lflag & (ICANON | ECHO | ISIG)) == 0;
  }

  TemporaryFolder folder_;
  Fd master_;
  Fd slave_;
};

TEST_F(ConsoleAttach, ThroughPipesToTheEndOfTheVm) {
  start_vm();
  SkiffProcess console({"console", "vm"});
  ASSERT_TRUE(console.expect_out("echo: ready"));
  console.send("abc");
  EXPECT_TRUE(console.expect_out("abc"));
  // The second one is refused, unless it looks on.
  const Finished refused = run_skiff({"console", "vm"}, {.in = Plug::closed()});
  EXPECT_EQ(refused.ending, 121);
  EXPECT_THAT(refused.err, HasSubstr("process " + std::to_string(console.pid())));
  SkiffProcess viewer({"console", "--read-only", "vm"});
  EXPECT_TRUE(viewer.expect_out("abc")) << "no replay";
  console.send("last\x04");
  console.close_input();
  EXPECT_EQ(console.wait(), 0);
  EXPECT_EQ(viewer.wait(), 0);
  EXPECT_THAT(viewer.out(), HasSubstr("last"));
  EXPECT_THAT(read_file(folder_.file("skiff/vm/console.log")), HasSubstr("Z echo: ready\n"));
}

TEST_F(ConsoleAttach, ATerminalIsTakenRawAndGivenBackOnDetach) {
  start_vm();
  SkiffProcess console({"console", "vm"}, {.terminal = slave_.get()});
  console.watch(master_.get());
  ASSERT_TRUE(console.expect_out("echo: ready"));
  EXPECT_TRUE(is_raw());
  type("typed");
  EXPECT_TRUE(console.expect_out("typed"));
  SkiffProcess thief({"console", "--steal", "--no-replay", "vm"});
  EXPECT_TRUE(console.expect_out("has taken over"));
  type("x");
  EXPECT_TRUE(console.expect_out("you are a viewer"));
  type("\x01t");
  EXPECT_TRUE(thief.expect_err("has taken over"));
  type("mine");
  EXPECT_TRUE(console.expect_out("mine"));
  type("\x01h");
  EXPECT_TRUE(console.expect_out("detach: the VM runs on"));
  type("\x01r");  // survives the guest's reset
  type(
      "\x01"
      "d");
  EXPECT_EQ(console.wait(), 0);
  EXPECT_FALSE(is_raw());
  EXPECT_EQ(::kill(vm_pid(), 0), 0) << "the VM runs on";
}

TEST_F(ConsoleAttach, AKilledViewerHurtsNobodyAndAKilledVmIsNoticed) {
  start_vm();
  SkiffProcess killed({"console", "vm"});
  ASSERT_TRUE(killed.expect_out("echo: ready"));
  killed.kill(SIGKILL);
  killed.wait();
  SkiffProcess console({"console", "vm"});
  console.send("again");
  ASSERT_TRUE(console.expect_out("again"));
  ::kill(vm_pid(), SIGKILL);
  EXPECT_EQ(console.wait(), 121);
  EXPECT_THAT(console.err(), HasSubstr("its process is gone"));
}

TEST_F(ConsoleAttach, AFileComesWhole) {
  start_vm();
  std::string text;
  for (int line = 0; text.size() < 20'000; ++line)
    text += "line " + std::to_string(line) + "\n";
  const std::string path = folder_.write("file", text);
  const int out = ::open(folder_.file("out").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  const Fd out_file(out);
  const int in = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const Fd in_file(in);
  SkiffProcess console({"console", "--no-replay", "vm"},
                       {.in = Plug::to(in_file), .out = Plug::to(out_file)});
  for (int i = 0; i < 600 && read_file(folder_.file("out")).size() < text.size(); ++i)
    console.run_for(100ms);
  EXPECT_THAT(read_file(folder_.file("out")), HasSubstr(text.substr(10, text.size() - 20)));
  console.kill(SIGTERM);
  EXPECT_EQ(console.wait(), 143);
}

}  // namespace
}  // namespace skiff::test
