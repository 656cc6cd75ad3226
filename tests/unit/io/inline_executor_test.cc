#include "vmm/io/inline_executor.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/fakes/fake_clock.h"
#include "vmm/base/event_fd.h"

namespace skiff {
namespace {

using std::chrono::milliseconds;

class InlineExecutorTest : public ::testing::Test {
 protected:
  // As a device ends what it waits with: in a turn.
  template <typename Object>
  void end(std::unique_ptr<Object>& object) {
    executor.post([&object] { object.reset(); });
  }

  FakeClock base;
  InlineExecutor executor{base};
  std::string log;
};

TEST_F(InlineExecutorTest, WorkIsDoneWhenPostReturns) {
  executor.post([this] { log += executor.runs_here() ? "in turn" : "outside"; });
  EXPECT_EQ(log, "in turn");
  EXPECT_FALSE(executor.runs_here());
}

TEST_F(InlineExecutorTest, WorkPostedInATurnIsTheBasesOneTurnLater) {
  executor.post([this] {
    executor.post([this] { log += executor.runs_here() ? "second" : "outside"; });
    log += "first ";
  });
  EXPECT_EQ(log, "first ");
  base.run();
  EXPECT_EQ(log, "first second");
}

TEST_F(InlineExecutorTest, ATimerCallsInATurn) {
  auto timer = executor.create_timer([this] { log += executor.runs_here() ? "due" : "outside"; });
  timer->arm(milliseconds(5));
  base.advance(milliseconds(4));
  EXPECT_EQ(log, "");
  base.advance(milliseconds(1));
  EXPECT_EQ(log, "due");
  timer->arm(base.monotonic() + milliseconds(5));
  timer->cancel();
  base.advance(milliseconds(5));
  EXPECT_EQ(log, "due");
  end(timer);
}

TEST_F(InlineExecutorTest, AWatchCallsInATurn) {
  const EventFd event;
  std::unique_ptr<Watch> watch;
  executor.post([&] {
    watch = executor.watch(event.fd(), Readiness::readable, [this, &event] {
      event.consume();
      log += executor.runs_here() ? "ready" : "outside";
    });
  });
  ASSERT_NE(watch, nullptr);
  event.signal();
  base.run();
  EXPECT_EQ(log, "ready");
  end(watch);
}

// The base's objects end a little later, on its thread: until then they may be due.
TEST_F(InlineExecutorTest, WhatHasEndedCallsNoMore) {
  const EventFd event;
  auto timer = executor.create_timer([this] { log += "due"; });
  auto watch = executor.watch(event.fd(), Readiness::readable, [this] { log += "ready"; });
  timer->arm(milliseconds(5));
  event.signal();
  end(timer);
  end(watch);
  base.advance(milliseconds(5));
  base.run();
  EXPECT_EQ(log, "");
}

TEST_F(InlineExecutorTest, AWatchMayEndItselfInItsCallback) {
  const EventFd event;
  std::unique_ptr<Watch> watch;
  watch = executor.watch(event.fd(), Readiness::readable, [&] {
    watch.reset();
    log += "ready";
  });
  event.signal();
  base.run();
  EXPECT_EQ(log, "ready");
}

TEST_F(InlineExecutorTest, WorkLeftToTheBaseOutlivesIt) {
  {
    InlineExecutor gone(base);
    gone.post([&] { gone.post([this] { log += "late"; }); });
  }
  base.run();
  EXPECT_EQ(log, "late");
}

}  // namespace
}  // namespace skiff
