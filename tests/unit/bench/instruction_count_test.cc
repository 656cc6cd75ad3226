// Instructions between two ioctls of KVM_RUN's number, of children that make it without KVM.
#include "vmm/bench/instruction_count.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

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
    // The dynamic linker's search for it is done before the fork: that is thousands of steps.
    ::ioctl(-1, 0, 0);
    const pid_t child = ::fork();
    if (child != 0) return child;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;)
      loop();
  }
};

void enter() {
  ::ioctl(-1, kRunRequest, 0);
}
void enter_and_work() {
  ::ioctl(-1, kRunRequest, 0);
  asm volatile(".rept 100\n nop\n .endr");
}
void work_and_ask() {
  ::ioctl(-1, kRunRequest, 0);
  asm volatile(".rept 50\n nop\n .endr");
  ::ioctl(-1, kRunRequest + 1, 0);
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
  Child sleeping([] { ::pause(); });
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
