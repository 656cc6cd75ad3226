#include "vmm/machine/io_executor.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

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

}  // namespace
}  // namespace skiff
