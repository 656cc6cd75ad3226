// Where a device's deferred work runs: an I/O thread in production, a fake clock's hands in a test.
#pragma once

#include <functional>
#include <memory>

#include "vmm/base/clock.h"

namespace skiff {

// Calls its callback once at a deadline. Thread rule: arm and cancel from any thread; the callback
// runs on the executor's thread. A callback may still run once after cancel from another thread, so
// it must look at its device's state; it never runs after the destructor has returned.
class Timer {
 public:
  virtual ~Timer() = default;
  // `deadline` as of Clock::monotonic; one in the past fires at once. Replaces an earlier deadline.
  virtual void arm(Clock::Nanoseconds deadline) noexcept = 0;
  virtual void cancel() noexcept = 0;
};

class Executor {
 public:
  virtual ~Executor() = default;
  virtual std::unique_ptr<Timer> create_timer(std::function<void()> on_expiry) = 0;
};

}  // namespace skiff
