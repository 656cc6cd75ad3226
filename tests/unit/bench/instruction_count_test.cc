// Instructions between two ioctls of KVM_RUN's number, of children that make it without KVM.
#include "vmm/bench/instruction_count.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace skiff::bench {
namespace {

using testing::Each;
using testing::IsEmpty;
using testing::SizeIs;

constexpr unsigned long kRunRequest = 0xae80;

// A child that is killed when the test is done with it, or gone. Only one spins at a time, and only
// while it is counted: on a busy host each step is a wait for two time slices.
class Child {
 public:
  explicit Child(void (*loop)()) : pid(start(loop)) {}
  ~Child() {
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  const pid_t pid;

 private:
  static pid_t start(void (*loop)()) {
    std::array<int, 2> ready{};
    if (::pipe(ready.data()) != 0) return -1;
    const pid_t child = ::fork();
    if (child == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      // What a sanitizer and the dynamic linker do first is hundreds of thousands of steps.
      ::syscall(SYS_getpid);
      (void)!::write(ready[1], "", 1);
      for (;;)
        loop();
    }
    char byte = 0;
    (void)!::read(ready[0], &byte, 1);
    ::close(ready[0]);
    ::close(ready[1]);
    return child;
  }
};

// Past the C library's own ioctl, whose place a sanitizer's takes: that works for a million steps.
void call(unsigned long request) {
  ::syscall(SYS_ioctl, -1, request, 0);
}
void enter() {
  call(kRunRequest);
}
void enter_and_work() {
  call(kRunRequest);
  asm volatile(".rept 100\n nop\n .endr");
}
void work_and_ask() {
  call(kRunRequest);
  asm volatile(".rept 50\n nop\n .endr");
  call(kRunRequest + 1);
}

std::vector<std::uint64_t> counts_of(void (*loop)(), std::size_t exits) {
  const Child child(loop);
  return count_instructions(child.pid, exits);
}

TEST(InstructionCount, EachInstructionOutsideTheKernelIsCounted) {
  const auto few = counts_of(enter, 10);
  const auto many = counts_of(enter_and_work, 10);
  ASSERT_THAT(few, SizeIs(10));
  ASSERT_THAT(many, SizeIs(10));
  EXPECT_THAT(few, Each(few[0]));
  EXPECT_THAT(many, Each(few[0] + 100));
}

TEST(InstructionCount, OnlyKvmRunEndsAnExit) {
  const auto few = counts_of(enter, 4);
  const auto asked = counts_of(work_and_ask, 4);
  ASSERT_THAT(few, SizeIs(4));
  ASSERT_THAT(asked, SizeIs(4));
  EXPECT_GT(asked[0], few[0] + 50);
}

TEST(InstructionCount, AThreadThatSleepsOrIsNotThereGivesNothing) {
  Child sleeping([] { ::syscall(SYS_pause); });
  EXPECT_THAT(count_instructions(sleeping.pid, 10), IsEmpty());
  // It goes on: a signal ends it.
  ::kill(sleeping.pid, SIGKILL);
  int status = 0;
  ASSERT_EQ(::waitpid(sleeping.pid, &status, 0), sleeping.pid);
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_THAT(count_instructions(sleeping.pid, 10), IsEmpty());
}

}  // namespace
}  // namespace skiff::bench
