// A clock whose hands the test turns, and an executor whose timers fire when it does, and whose
// posted work and ready descriptors run when the test says run().
// Thread rule: one thread; post from any.
#pragma once

#include <poll.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "vmm/base/mutex.h"
#include "vmm/io/executor.h"

namespace skiff {

class FakeClock final : public Clock, public Executor {
 public:
  Nanoseconds monotonic() const override { return now_; }
  Nanoseconds wall() const override { return wall_at_zero_ + now_; }
  void set_wall(Nanoseconds wall) { wall_at_zero_ = wall - now_; }

  // Moves time on, calling each timer at its deadline, in order.
  void advance(Nanoseconds step) {
    const Nanoseconds end = now_ + step;
    for (;;) {
      FakeTimer* next = nullptr;
      for (FakeTimer* timer : timers_) {
        if (timer->deadline && *timer->deadline <= end &&
            (next == nullptr || *timer->deadline < *next->deadline)) {
          next = timer;
        }
      }
      if (next == nullptr) break;
      now_ = std::max(now_, *next->deadline);
      next->deadline.reset();
      next->on_expiry();
    }
    now_ = end;
  }

  std::unique_ptr<Timer> create_timer(std::function<void()> on_expiry) override {
    return std::make_unique<FakeTimer>(*this, std::move(on_expiry));
  }
  void post(std::function<void()> work) override {
    MutexLock lock(mutex_);
    posted_.push_back(std::move(work));
  }
  std::unique_ptr<Watch> watch(int fd, Readiness readiness,
                               std::function<void()> on_ready) override {
    return std::make_unique<FakeWatch>(*this, fd, readiness, std::move(on_ready));
  }
  bool runs_here() const noexcept override { return true; }

  // Runs what was posted and what is ready, until there is neither or after `most` rounds (a watch
  // whose callback does not take away its readiness would go on for ever). True if anything ran.
  bool run(int most = 1000) {
    bool ran = false;
    for (int round = 0; round < most && run_once(); ++round)
      ran = true;
    return ran;
  }
  // The same, but waits up to `timeout` for a descriptor when there is nothing to do at first.
  bool run_for(std::chrono::milliseconds timeout) {
    if (run()) return true;
    wait(timeout);
    return run();
  }

 private:
  struct FakeTimer final : Timer {
    FakeTimer(FakeClock& owner, std::function<void()> callback)
        : clock(owner), on_expiry(std::move(callback)) {
      clock.timers_.push_back(this);
    }
    ~FakeTimer() override { std::erase(clock.timers_, this); }
    void arm(Nanoseconds at) noexcept override { deadline = at; }
    void cancel() noexcept override { deadline.reset(); }

    FakeClock& clock;
    std::function<void()> on_expiry;
    std::optional<Nanoseconds> deadline;
  };

  struct FakeWatch final : Watch {
    FakeWatch(FakeClock& owner, int descriptor, Readiness readiness, std::function<void()> callback)
        : clock(owner),
          polled{.fd = descriptor,
                 .events = static_cast<short>(readiness == Readiness::readable ? POLLIN : POLLOUT),
                 .revents = 0},
          on_ready(std::make_shared<std::function<void()>>(std::move(callback))) {
      clock.watches_.push_back(this);
    }
    ~FakeWatch() override { std::erase(clock.watches_, this); }

    FakeClock& clock;
    const pollfd polled;
    const std::shared_ptr<std::function<void()>> on_ready;
  };

  bool wait(std::chrono::milliseconds timeout) {
    std::vector<pollfd> polled;
    for (const FakeWatch* watch : watches_)
      polled.push_back(watch->polled);
    return ::poll(polled.data(), polled.size(), static_cast<int>(timeout.count())) > 0;
  }
  bool run_once() {
    std::vector<std::function<void()>> work;
    {
      MutexLock lock(mutex_);
      work.swap(posted_);
    }
    for (const auto& item : work)
      item();
    bool ran = !work.empty();
    const std::vector<FakeWatch*> watches = watches_;
    for (FakeWatch* watch : watches) {
      // An earlier callback of this round may have ended it.
      if (std::find(watches_.begin(), watches_.end(), watch) == watches_.end()) continue;
      pollfd polled = watch->polled;
      if (::poll(&polled, 1, 0) <= 0) continue;
      const auto callback = watch->on_ready;
      (*callback)();
      ran = true;
    }
    return ran;
  }

  Nanoseconds now_{0};
  Nanoseconds wall_at_zero_{0};
  std::vector<FakeWatch*> watches_;
  std::vector<FakeTimer*> timers_;
  // Destroyed first: what was not run may hold timers and watches.
  Mutex mutex_;
  std::vector<std::function<void()>> posted_ SKIFF_GUARDED_BY(mutex_);
};

}  // namespace skiff
