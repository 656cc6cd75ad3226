#include "vmm/machine/io_executor.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "vmm/base/event_fd.h"
#include "vmm/base/fd.h"

namespace skiff {
namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;

class IoExecutorTest : public testing::Test {
 protected:
  std::unique_ptr<Timer> counting_timer() {
    return executor_.create_timer([this] { ++fired_; });
  }
  Clock::Nanoseconds in(Clock::Nanoseconds delay) const { return clock_.monotonic() + delay; }
  // The context works this long, or until `done`.
  void run(std::chrono::milliseconds time, const std::function<bool()>& done = nullptr) {
    const auto end = std::chrono::steady_clock::now() + time;
    while (std::chrono::steady_clock::now() < end && !(done && done()))
      io_.run_one_for(1ms);
  }

  asio::io_context io_{1};
  // As in a session, where there is always something to wait for.
  asio::executor_work_guard<asio::io_context::executor_type> work_{io_.get_executor()};
  SystemClock clock_;
  IoExecutor executor_{io_};
  std::atomic<int> fired_{0};
};

TEST_F(IoExecutorTest, FiresOnceNotBeforeItsDeadline) {
  const auto timer = counting_timer();
  const auto deadline = in(30ms);
  Clock::Nanoseconds at{0};
  const auto noting = executor_.create_timer([&] { at = clock_.monotonic(); });
  noting->arm(deadline);
  timer->arm(deadline);
  run(10s, [&] { return fired_ != 0 && at.count() != 0; });
  EXPECT_GE(at, deadline);
  run(60ms);
  EXPECT_EQ(fired_, 1);
}

TEST_F(IoExecutorTest, ADeadlineInThePastFiresAtOnce) {
  for (const auto deadline : {in(-1s), Clock::Nanoseconds(0), Clock::Nanoseconds(-5)}) {
    fired_ = 0;
    const auto timer = counting_timer();
    timer->arm(deadline);
    run(10s, [this] { return fired_ != 0; });
    EXPECT_EQ(fired_, 1);
  }
}

TEST_F(IoExecutorTest, TheFarthestDeadlineDoesNotFire) {
  const auto timer = counting_timer();
  timer->arm(Clock::Nanoseconds::max());
  run(30ms);
  EXPECT_EQ(fired_, 0);
}

TEST_F(IoExecutorTest, ALaterArmReplacesTheDeadline) {
  const auto timer = counting_timer();
  timer->arm(in(10ms));
  timer->arm(in(10min));
  run(60ms);
  EXPECT_EQ(fired_, 0);
  timer->arm(in(1ms));
  run(10s, [this] { return fired_ != 0; });
  EXPECT_EQ(fired_, 1);
}

TEST_F(IoExecutorTest, CancelledItStaysSilentAndCanBeArmedAgain) {
  const auto timer = counting_timer();
  timer->cancel();  // never armed
  timer->arm(in(10ms));
  timer->cancel();
  run(50ms);
  EXPECT_EQ(fired_, 0);
  timer->arm(in(1ms));
  run(10s, [this] { return fired_ != 0; });
  EXPECT_EQ(fired_, 1);
}

// Expired, but its callback has not run yet: cancelling on the context's own thread prevents it.
TEST_F(IoExecutorTest, CancelAfterExpiryPreventsTheCallback) {
  const auto timer = counting_timer();
  timer->arm(in(1ms));
  run(1ms);
  std::this_thread::sleep_for(10ms);
  const int before = fired_;
  timer->cancel();
  run(30ms);
  EXPECT_EQ(fired_, before);
}

TEST_F(IoExecutorTest, ACallbackMayArmAgain) {
  std::unique_ptr<Timer> timer;
  timer = executor_.create_timer([&] {
    if (++fired_ < 5) timer->arm(in(1ms));
  });
  timer->arm(in(1ms));
  run(10s, [this] { return fired_ == 5; });
  run(20ms);
  EXPECT_EQ(fired_, 5);
}

TEST_F(IoExecutorTest, DestroyedWhileArmedItNeverFires) {
  auto started = counting_timer();
  started->arm(in(10ms));
  run(2ms);
  started.reset();
  auto unstarted = counting_timer();  // its start is still on the way to the context
  unstarted->arm(in(10ms));
  unstarted.reset();
  auto expired = counting_timer();
  expired->arm(in(0ms));
  std::this_thread::sleep_for(2ms);
  expired.reset();
  run(50ms);
  EXPECT_EQ(fired_, 0);
}

TEST_F(IoExecutorTest, ACallbackMayDestroyItsOwnTimer) {
  std::unique_ptr<Timer> timer;
  const auto owned = std::make_shared<int>(7);
  int seen = 0;
  timer = executor_.create_timer([&, owned] {
    timer.reset();
    seen = *owned;  // what the callback holds is still there
    ++fired_;
  });
  timer->arm(in(1ms));
  run(10s, [this] { return fired_ != 0; });
  run(10ms);
  EXPECT_EQ(fired_, 1);
  EXPECT_EQ(seen, 7);
}

TEST_F(IoExecutorTest, NoDescriptorStaysOpen) {
  const auto open_files = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
  };
  counting_timer()->arm(in(10min));  // the context's own descriptors come with the first
  run(5ms);
  const auto before = open_files();
  for (int round = 0; round < 20; ++round) {
    auto timer = counting_timer();
    timer->arm(in(round % 2 == 0 ? 10min : 0min));
    if (round % 3 != 0) run(1ms);
  }
  run(5ms);
  EXPECT_EQ(open_files(), before);
}

TEST_F(IoExecutorTest, NeitherDoesOneWhoseContextNeverRuns) {
  const auto open_files = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
  };
  const auto before = open_files();
  {
    asio::io_context io(1);
    IoExecutor executor(io);
    const auto timer = executor.create_timer([] {});
    timer->arm(in(10min));
  }
  EXPECT_EQ(open_files(), before);
}

TEST_F(IoExecutorTest, ManyThreadsArmAndCancel) {
  const auto timer = counting_timer();
  std::atomic<int> left{4};
  std::vector<std::thread> threads;
  for (int number = 0; number < 4; ++number) {
    threads.emplace_back([&, number] {
      for (int round = 0; round < 500; ++round) {
        if ((round + number) % 3 == 0) {
          timer->cancel();
        } else {
          timer->arm(in(std::chrono::microseconds(round % 7 * 20)));
        }
      }
      --left;
    });
  }
  run(60s, [&] { return left == 0; });
  for (std::thread& thread : threads)
    thread.join();
  run(5ms);
  fired_ = 0;
  timer->arm(in(1ms));
  run(10s, [this] { return fired_ != 0; });
  EXPECT_EQ(fired_, 1);
}

TEST_F(IoExecutorTest, PostedWorkRunsInOrderAndNotInsidePost) {
  std::vector<int> order;
  executor_.post([&] {
    order.push_back(1);
    executor_.post([&] { order.push_back(3); });
    order.push_back(2);
  });
  EXPECT_TRUE(order.empty());
  run(10s, [&] { return order.size() == 3; });
  EXPECT_EQ(order, (std::vector{1, 2, 3}));
}

TEST_F(IoExecutorTest, KnowsItsOwnThread) {
  EXPECT_FALSE(executor_.runs_here());
  bool inside = false;
  bool elsewhere = true;
  executor_.post([&] {
    inside = executor_.runs_here();
    std::thread([&] { elsewhere = executor_.runs_here(); }).join();
    ++fired_;
  });
  run(10s, [this] { return fired_ != 0; });
  EXPECT_TRUE(inside);
  EXPECT_FALSE(elsewhere);
}

TEST_F(IoExecutorTest, AWatchIsCalledUntilTheDescriptorIsDry) {
  const EventFd event;
  int calls = 0;
  const auto watch = executor_.watch(event.fd(), Readiness::readable, [&] {
    // Level semantics: what is not taken away calls again.
    if (++calls % 3 == 0) event.consume();
  });
  ASSERT_NE(watch, nullptr);
  run(10ms);
  EXPECT_EQ(calls, 0);
  event.signal();
  run(10s, [&] { return calls == 3; });
  run(20ms);
  EXPECT_EQ(calls, 3);
  event.signal();
  run(10s, [&] { return calls == 6; });
  EXPECT_EQ(calls, 6);
}

TEST_F(IoExecutorTest, OneDescriptorMayBeWatchedTwice) {
  const EventFd event;  // writable at once, readable when signalled
  int readable = 0;
  int writable = 0;
  std::unique_ptr<Watch> write_watch;
  const auto read_watch = executor_.watch(event.fd(), Readiness::readable, [&] {
    ++readable;
    event.consume();
  });
  write_watch = executor_.watch(event.fd(), Readiness::writable, [&] {
    ++writable;
    write_watch.reset();
  });
  run(10s, [&] { return writable != 0; });
  EXPECT_EQ(readable, 0);
  event.signal();
  run(10s, [&] { return readable != 0; });
  EXPECT_EQ(readable, 1);
  EXPECT_EQ(writable, 1);
}

TEST_F(IoExecutorTest, ACallbackMayEndItsOwnWatch) {
  const EventFd event;
  const auto owned = std::make_shared<int>(7);
  int seen = 0;
  std::unique_ptr<Watch> watch;
  watch = executor_.watch(event.fd(), Readiness::readable, [&, owned] {
    watch.reset();
    seen = *owned;  // what the callback holds is still there
    ++fired_;
  });
  event.signal();
  run(10s, [this] { return fired_ != 0; });
  run(20ms);
  EXPECT_EQ(fired_, 1);
  EXPECT_EQ(seen, 7);
}

TEST_F(IoExecutorTest, AnEndedWatchIsSilentEvenIfItsDescriptorIsReady) {
  const EventFd event;
  auto watch = executor_.watch(event.fd(), Readiness::readable, [this] { ++fired_; });
  run(2ms);
  event.signal();
  watch.reset();
  run(30ms);
  EXPECT_EQ(fired_, 0);
}

TEST_F(IoExecutorTest, WhatNobodyCanWaitForIsNotWatched) {
  std::FILE* const file = std::tmpfile();
  ASSERT_NE(file, nullptr);
  EXPECT_EQ(executor_.watch(::fileno(file), Readiness::readable, [] {}), nullptr);
  std::fclose(file);
  const Fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  EXPECT_EQ(executor_.watch(null.get(), Readiness::readable, [] {}), nullptr);
  EXPECT_EQ(executor_.watch(-1, Readiness::readable, [] {}), nullptr);
}

TEST_F(IoExecutorTest, AWatchLeavesNoDescriptorBehind) {
  const auto open_files = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
  };
  const EventFd event;
  executor_.watch(event.fd(), Readiness::readable, [] {}).reset();
  run(2ms);
  const auto before = open_files();
  for (int round = 0; round < 20; ++round) {
    const auto watch = executor_.watch(event.fd(), Readiness::readable, [] {});
    if (round % 2 == 0) run(1ms);
  }
  run(5ms);
  EXPECT_EQ(open_files(), before);
}

}  // namespace
}  // namespace skiff
