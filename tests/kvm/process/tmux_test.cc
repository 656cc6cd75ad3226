// `skiff console` and `skiff top` in a terminal emulator, as a person has them: tmux's panes are
// typed into and read.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <cstdlib>

#include "tests/kvm/process/skiff_process.h"
#include "tests/kvm/process/tmux_panes.h"
#include "tests/kvm/require_kvm.h"

namespace skiff::test {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kFirst = "%0";

class Tmux : public testing::Test {
 protected:
  void SetUp() override {
    SKIFF_REQUIRE_KVM();
    if (!is_program_there("tmux -V")) GTEST_SKIP() << "there is no tmux";
    ::setenv("XDG_RUNTIME_DIR", folder_.file("").c_str(), 1);
    panes_.emplace(folder_);
    ASSERT_TRUE(panes_->is_up());
    before_ = cooked_modes();
  }
  void TearDown() override {
    if (const pid_t pid = vm_pid(); pid > 0) ::kill(pid, SIGKILL);
  }
  pid_t vm_pid() const {
    return static_cast<pid_t>(std::atoi(read_file(folder_.file("skiff/vm/pid")).c_str()));
  }
  void start_vm(const std::string& program, const std::string& command_line,
                const std::vector<std::string>& more = {}) const {
    std::vector<std::string> words =
        guest_arguments(program, command_line, {"--detach", "--name", "vm"});
    words.insert(words.end(), more.begin(), more.end());
    const Finished started = run_skiff(words, {.in = Plug::closed()});
    ASSERT_EQ(started.ending, 0) << started.err;
  }
  // Types `skiff WORDS` and waits for it to have the terminal.
  void run(const std::string& pane, const std::string& words) const {
    panes_->run(pane, std::string(SKIFF_PROGRAM) + " " + words + "; echo status=$?");
    ASSERT_TRUE(TmuxPanes::until([&] { return panes_->is_raw(pane); })) << panes_->screen(pane);
  }
  // It has ended with `status`, and the shell finds its terminal as it was.
  void expect_end(const std::string& pane, int status) const {
    EXPECT_TRUE(panes_->shows(pane, "status=" + std::to_string(status))) << panes_->screen(pane);
    EXPECT_FALSE(panes_->is_raw(pane));
  }
  // What the shell gives to its programs.
  std::string cooked_modes() {
    // Each time another name: what was said the last time may still be on the screen.
    const std::string name = "modes-" + std::to_string(++times_asked_) + ".";
    panes_->run(kFirst, "stty -g >" + folder_.file(name) + "; echo " + name);
    EXPECT_TRUE(panes_->shows(kFirst, "\n" + name)) << panes_->screen(kFirst);
    return read_file(folder_.file(name));
  }
  void expect_restored() { EXPECT_EQ(cooked_modes(), before_); }

  TemporaryFolder folder_;
  std::optional<TmuxPanes> panes_;
  std::string before_;
  int times_asked_ = 0;
};

TEST_F(Tmux, DetachedAndAttachedAgainOneSeesWhatWasSaid) {
  start_vm("echo", "until=4");
  run(kFirst, "console vm");
  EXPECT_TRUE(panes_->shows(kFirst, "echo: ready"));
  panes_->type(kFirst, "typed by hand");
  EXPECT_TRUE(panes_->shows(kFirst, "typed by hand"));
  panes_->key(kFirst, "C-a");
  panes_->key(kFirst, "d");
  expect_end(kFirst, 0);
  expect_restored();
  panes_->clear(kFirst);
  EXPECT_THAT(panes_->screen(kFirst), Not(HasSubstr("typed by hand")));
  run(kFirst, "console vm");
  EXPECT_TRUE(panes_->shows(kFirst, "typed by hand"));
  // Ctrl-C and Ctrl-Z are the guest's; Ctrl-D ends this one.
  for (const char* const name : {"C-c", "C-z", "C-d"})
    panes_->key(kFirst, name);
  expect_end(kFirst, 0);
  EXPECT_THAT(panes_->screen(kFirst), HasSubstr("echo: 15 bytes"));
  expect_restored();
}

TEST_F(Tmux, WhoeverIsRobbedLooksOnAndEndsWithTheVm) {
  start_vm("echo", "until=4");
  run(kFirst, "console vm");
  const std::string second = panes_->add_pane();
  panes_->run(second, std::string(SKIFF_PROGRAM) + " console vm; echo status=$?");
  expect_end(second, 121);
  run(second, "console --steal vm");
  EXPECT_TRUE(panes_->shows(kFirst, "has taken over"));
  panes_->type(kFirst, "x");
  EXPECT_TRUE(panes_->shows(kFirst, "you are a viewer"));
  panes_->type(second, "the thief");
  EXPECT_TRUE(panes_->shows(kFirst, "the thief"));
  panes_->key(second, "C-d");
  expect_end(kFirst, 0);
  expect_end(second, 0);
  EXPECT_THAT(panes_->screen(kFirst), HasSubstr("echo: 9 bytes"));
  expect_restored();
}

TEST_F(Tmux, StoppedItGivesTheTerminalBackAndTakesItAgain) {
  start_vm("echo", "until=4");
  run(kFirst, "console vm");
  ::kill(panes_->job(kFirst), SIGTSTP);
  EXPECT_TRUE(panes_->shows(kFirst, "Stopped"));
  EXPECT_FALSE(panes_->is_raw(kFirst));
  expect_restored();
  panes_->run(kFirst, "fg");
  ASSERT_TRUE(TmuxPanes::until([&] { return panes_->is_raw(kFirst); }));
  panes_->type(kFirst, "and on");
  EXPECT_TRUE(panes_->shows(kFirst, "and on"));
  panes_->key(kFirst, "C-a");
  panes_->key(kFirst, "d");
  ASSERT_TRUE(TmuxPanes::until([&] { return !panes_->is_raw(kFirst); }));
  expect_restored();
}

TEST_F(Tmux, TheGuestHearsOfAWindowsNewSize) {
  start_vm("virtio-console", "size",
           {"--set", "virtio_console.0.target=console", "--set", "serial.0.target=null"});
  run(kFirst, "console vm");
  EXPECT_TRUE(panes_->shows(kFirst, "80x24"));
  panes_->resize(kFirst, 100, 30);
  EXPECT_TRUE(panes_->shows(kFirst, "100x30"));
  // The writer's size is the guest's.
  const std::string second = panes_->add_pane();
  panes_->resize(second, 70, 20);
  run(second, "console --steal vm");
  EXPECT_TRUE(panes_->shows(second, "70x20"));
}

TEST_F(Tmux, KilledViewersAndVms) {
  start_vm("echo", "until=4");
  run(kFirst, "console vm");
  EXPECT_TRUE(panes_->shows(kFirst, "echo: ready"));
  ::kill(panes_->job(kFirst), SIGKILL);
  expect_end(kFirst, 137);
  expect_restored();
  panes_->clear(kFirst);
  run(kFirst, "console vm");
  panes_->type(kFirst, "still there");
  EXPECT_TRUE(panes_->shows(kFirst, "still there"));
  ::kill(vm_pid(), SIGKILL);
  expect_end(kFirst, 121);
  EXPECT_THAT(panes_->screen(kFirst), HasSubstr("its process is gone"));
  expect_restored();
}

// Other programs at a console's UNIX socket and at its pseudo-terminal.
TEST_F(Tmux, SocatAtTheSocketAndAtThePseudoTerminal) {
  if (!is_program_there("socat -V")) GTEST_SKIP() << "there is no socat";
  start_vm("echo", "until=4");
  const std::string console = folder_.file("skiff/vm/console-com1.");
  for (const std::string& address :
       {"UNIX-CONNECT:" + console + "sock", "OPEN:" + console + "pty,rawer"}) {
    panes_->clear(kFirst);
    panes_->run(kFirst, "socat -,rawer,escape=0x1d " + address + "; echo status=$?");
    EXPECT_TRUE(panes_->shows(kFirst, "echo: ready")) << address << panes_->screen(kFirst);
    panes_->type(kFirst, "by socat");
    EXPECT_TRUE(panes_->shows(kFirst, "by socat")) << address << panes_->screen(kFirst);
    panes_->key(kFirst, "C-]");
    expect_end(kFirst, 0);
    expect_restored();
  }
}

TEST_F(Tmux, TopGivesTheScreenBackOnEverySignalThatCanBeCaught) {
  start_vm("idle", "");
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGTSTP}) {
    panes_->clear(kFirst);
    run(kFirst, "top vm");
    EXPECT_TRUE(panes_->shows(kFirst, "GUEST%"));
    EXPECT_TRUE(panes_->is_on_alternate_screen(kFirst));
    ::kill(panes_->job(kFirst), number);
    if (number == SIGTSTP) {
      EXPECT_TRUE(panes_->shows(kFirst, "Stopped")) << panes_->screen(kFirst);
      EXPECT_FALSE(panes_->is_on_alternate_screen(kFirst));
      panes_->run(kFirst, "fg");
      ASSERT_TRUE(TmuxPanes::until([&] { return panes_->is_on_alternate_screen(kFirst); }));
      panes_->type(kFirst, "q");
      EXPECT_TRUE(TmuxPanes::until([&] { return !panes_->is_on_alternate_screen(kFirst); }));
    } else {
      expect_end(kFirst, 0);
    }
    EXPECT_FALSE(panes_->is_on_alternate_screen(kFirst)) << number;
    expect_restored();
  }
}

}  // namespace
}  // namespace skiff::test
