// Where a device's deferred work runs: an I/O thread in production, a fake clock's hands in a test.
#pragma once

#include <cstdint>
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

// Calls its callback, on the executor's thread, again and again while a descriptor is ready: level
// semantics, so the callback must take away what made it ready (read, EventFd::consume) or end the
// watch. Ended by its destructor, which must run on the executor's thread (or while that thread
// does not run); the callback never runs after that. The callback may destroy its own watch. The
// descriptor is not owned and must outlive the watch.
class Watch {
 public:
  virtual ~Watch() = default;
};

enum class Readiness : std::uint8_t { readable, writable };

// One thread's loop.
class Executor {
 public:
  virtual ~Executor() = default;
  virtual std::unique_ptr<Timer> create_timer(std::function<void()> on_expiry) = 0;
  // Runs `work` on the executor's thread, in the order posted, never inside post itself. Work that
  // was posted before the loop ends is run. Thread rule: any thread.
  virtual void post(std::function<void()> work) = 0;
  // Null where the host refuses to wait for that descriptor (a regular file; no descriptors left).
  // Thread rule: any thread; on another than the executor's it may call before this returns.
  virtual std::unique_ptr<Watch> watch(int fd, Readiness readiness,
                                       std::function<void()> on_ready) = 0;
  // True on the executor's own thread.
  virtual bool runs_here() const noexcept = 0;
  // False where several threads take turns (inline_executor.h).
  virtual bool has_one_thread() const noexcept { return true; }
};

}  // namespace skiff
