// Instructions between two ioctls of KVM_RUN's number, of children that make it without KVM.
#include "vmm/bench/instruction_count.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace skiff::bench {
namespace {

using testing::Each;
using testing::IsEmpty;
using testing::SizeIs;

constexpr unsigned long kRunRequest = 0xae80;

// A child that is killed when the test is done with it.
class Child {
 public:
  explicit Child(void (*loop)()) : pid(::fork()) {
    if (pid == 0) {
      for (;;)
        loop();
    }
  }
  ~Child() {
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  const pid_t pid;
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

TEST(InstructionCount, EachInstructionOutsideTheKernelIsCounted) {
  Child little(enter);
  Child more(enter_and_work);
  const auto few = count_instructions(little.pid, 10);
  const auto many = count_instructions(more.pid, 10);
  ASSERT_THAT(few, SizeIs(10));
  ASSERT_THAT(many, SizeIs(10));
  EXPECT_THAT(few, Each(few[0]));
  EXPECT_THAT(many, Each(few[0] + 100));
}

TEST(InstructionCount, OnlyKvmRunEndsAnExit) {
  Child little(enter);
  Child asking(work_and_ask);
  const auto few = count_instructions(little.pid, 4);
  const auto asked = count_instructions(asking.pid, 4);
  ASSERT_THAT(few, SizeIs(4));
  ASSERT_THAT(asked, SizeIs(4));
  EXPECT_GT(asked[0], few[0] + 50);
}

TEST(InstructionCount, AThreadThatSleepsOrIsNotThereGivesNothing) {
  Child sleeping([] { ::pause(); });
  EXPECT_THAT(count_instructions(sleeping.pid, 10), IsEmpty());
  // It goes on: a signal with its usual effect ends it.
  ::kill(sleeping.pid, SIGTERM);
  int status = 0;
  ASSERT_EQ(::waitpid(sleeping.pid, &status, 0), sleeping.pid);
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_THAT(count_instructions(sleeping.pid, 10), IsEmpty());
}

}  // namespace
}  // namespace skiff::bench
