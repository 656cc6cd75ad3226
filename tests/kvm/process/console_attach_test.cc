// `skiff console`: attaching to the console of a named VM, as a user does.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

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

// As POSIX cksum has it.
std::uint32_t checksum(std::string_view text) {
  std::uint32_t crc = 0;
  const auto take = [&crc](unsigned byte) {
    crc ^= byte << 24;
    for (int bit = 0; bit < 8; ++bit)
      crc = crc << 1 ^ ((crc >> 31) != 0 ? 0x04c11db7U : 0U);
  };
  for (const char character : text)
    take(static_cast<unsigned char>(character));
  for (std::size_t length = text.size(); length != 0; length >>= 8)
    take(length & 0xff);
  return ~crc;
}

class ConsoleStream : public ConsoleAttach {
 protected:
  static void start_vm(const std::string& command_line) {
    const Finished started = run_skiff(
        guest_arguments("virtio-stream", command_line,
                        {"--detach", "--name", "vm", "--set", "virtio_console.0.target=console",
                         "--set", "serial.0.target=null"}),
        {.in = Plug::closed()});
    ASSERT_EQ(started.ending, 0) << started.err;
  }
};

// `make bench` does it with 100 MB.
TEST_F(ConsoleStream, MuchInputArrivesByteByByte) {
  std::string text(8'000'000, '\0');
  std::uint32_t state = 1;
  for (char& byte : text) {
    state = state * 1664525 + 1013904223;
    byte = static_cast<char>(state >> 24);
  }
  start_vm("irq=msix receive=" + std::to_string(text.size()));
  SkiffProcess console({"console", "vm"});
  ASSERT_TRUE(console.send("g"));
  ASSERT_TRUE(console.send(text));
  EXPECT_EQ(console.wait(), 0);
  EXPECT_EQ(console.out(),
            "received 8000000 bytes, cksum " + std::to_string(checksum(text)) + "\n");
}

TEST_F(ConsoleStream, MuchOutputArrivesByteByByte) {
  start_vm("irq=msix send=16");
  SkiffProcess console({"console", "vm"});
  ASSERT_TRUE(console.send("g"));
  EXPECT_EQ(console.wait(), 0);
  ASSERT_EQ(console.out().size(), 16U << 20);
  std::size_t wrong = 0;
  for (std::size_t at = 0; at < console.out().size(); ++at)
    wrong += static_cast<unsigned char>(console.out()[at]) != at % 256 ? 1 : 0;
  EXPECT_EQ(wrong, 0U);
}

}  // namespace
}  // namespace skiff::test
