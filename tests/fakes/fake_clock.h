// A clock whose hands the test turns, and an executor whose timers fire when it does.
// Thread rule: one thread.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

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

  Nanoseconds now_{0};
  Nanoseconds wall_at_zero_{0};
  std::vector<FakeTimer*> timers_;
};

}  // namespace skiff
