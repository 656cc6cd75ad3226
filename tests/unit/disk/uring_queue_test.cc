// A ring whose executor is several threads' in turn: whom completions wake.
#include "vmm/disk/uring_queue.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <deque>
#include <functional>

#include "tests/unit/disk/disk_fixture.h"
#include "vmm/io/inline_executor.h"

namespace skiff {
namespace {

// Knows how many watches there are, and calls the last one whenever the test likes: as a loop does
// that was woken for what then another thread had collected.
class WatchedExecutor final : public Executor {
 public:
  std::unique_ptr<Timer> create_timer(std::function<void()> on_expiry) override {
    return clock.create_timer(std::move(on_expiry));
  }
  void post(std::function<void()> work) override { clock.post(std::move(work)); }
  std::unique_ptr<Watch> watch(int fd, Readiness readiness,
                               std::function<void()> on_ready) override {
    if (refuses) return nullptr;
    last = on_ready;
    return std::make_unique<Counted>(*this, clock.watch(fd, readiness, std::move(on_ready)));
  }
  bool runs_here() const noexcept override { return false; }

  FakeClock clock;
  std::function<void()> last;
  int watches = 0;
  bool refuses = false;

 private:
  struct Counted final : Watch {
    Counted(WatchedExecutor& executor, std::unique_ptr<Watch> watch)
        : owner(executor), inner(std::move(watch)) {
      ++owner.watches;
    }
    ~Counted() override { --owner.watches; }
    WatchedExecutor& owner;
    std::unique_ptr<Watch> inner;
  };
};

// On a pipe: a read is complete when the test has written.
class UringTurns : public ::testing::Test, public DiskQueueClient {
 protected:
  static constexpr std::size_t kBytes = 512;

  void SetUp() override {
    if (UringQueue::probe() != 0) GTEST_SKIP() << "the host has no io_uring for us";
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    out_ = Fd(ends[0]);
    in_ = Fd(ends[1]);
    file_.fd = out_.get();
    file_.name = "pipe";
    turn([this] { queue_ = UringQueue::create(file_, inline_, *this, 8); });
    ASSERT_NE(queue_, nullptr);
  }
  void TearDown() override {
    turn([this] { queue_.reset(); });
    executor_.clock.run();
    EXPECT_EQ(executor_.watches, 0);
  }

  void turn(const std::function<void()>& work) { inline_.post(work); }
  void fill() const {
    const std::string bytes = pattern(kBytes);
    ASSERT_EQ(::write(in_.get(), bytes.data(), kBytes), static_cast<ssize_t>(kBytes));
  }
  void begin_read() {
    OwnedRequest& request = requests_.emplace_back(DiskOperation::read, 0, kBytes);
    queue_->submit(request.with(std::string(kBytes, '?')));
    queue_->advance();
  }
  void collect() {
    while (queue_->in_flight() != 0)
      queue_->advance(std::chrono::milliseconds(1), 1);
  }
  void leave_a_read() {
    turn([this] {
      begin_read();
      queue_->end_turn();
    });
  }
  void wait_for_wake() {
    while (wakes_ == 0)
      executor_.clock.run_for(std::chrono::milliseconds(100));
  }

  void on_disk_complete(DiskRequest& request) noexcept override {
    EXPECT_EQ(request.error, 0);
    ++completed_;
  }
  // As a service does: its turn.
  void on_disk_wake() noexcept override {
    EXPECT_TRUE(inline_.runs_here());
    ++wakes_;
    queue_->advance();
    queue_->end_turn();
  }

  Fd out_;
  Fd in_;
  DiskFile file_;
  WatchedExecutor executor_;
  InlineExecutor inline_{executor_};
  std::deque<OwnedRequest> requests_;
  int completed_ = 0;
  int wakes_ = 0;
  std::unique_ptr<UringQueue> queue_;
};

TEST_F(UringTurns, WhatATurnCollectsWakesNobody) {
  fill();
  turn([this] {
    begin_read();
    collect();
    queue_->end_turn();
  });
  EXPECT_EQ(completed_, 1);
  EXPECT_EQ(executor_.watches, 0);
}

TEST_F(UringTurns, WhatATurnLeavesWakes) {
  leave_a_read();
  EXPECT_EQ(executor_.watches, 1);
  EXPECT_EQ(completed_, 0);
  fill();
  wait_for_wake();
  EXPECT_EQ(completed_, 1);
  EXPECT_EQ(queue_->in_flight(), 0U);
}

TEST_F(UringTurns, WhoWasWokenInVainIsNotWokenAgain) {
  leave_a_read();
  fill();
  turn([this] {
    collect();
    queue_->end_turn();
  });
  EXPECT_EQ(executor_.watches, 1) << "the next turn may leave something too";
  executor_.last();
  executor_.clock.run();
  EXPECT_EQ(wakes_, 0);
  EXPECT_EQ(executor_.watches, 0);
  leave_a_read();
  EXPECT_EQ(executor_.watches, 1);
  fill();
  wait_for_wake();
  EXPECT_EQ(completed_, 2);
}

TEST_F(UringTurns, WhereTheHostRefusesAWatchATimerLooks) {
  executor_.refuses = true;
  leave_a_read();
  fill();
  executor_.clock.advance(std::chrono::years(10));  // the host's clock says when
  EXPECT_GT(wakes_, 0);
  turn([this] { collect(); });
  EXPECT_EQ(completed_, 1);
}

}  // namespace
}  // namespace skiff
