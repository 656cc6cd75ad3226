// The clock a device is given, so that tests can turn its hands.
// Thread rule: every method may be called from any thread.
#pragma once

#include <chrono>
#include <cstdint>

namespace skiff {

class Clock {
 public:
  using Nanoseconds = std::chrono::nanoseconds;

  virtual ~Clock() = default;
  // Time since an arbitrary point; never goes back. [ns]
  virtual Nanoseconds monotonic() const = 0;
  // Time since 1970-01-01 00:00:00 UTC. [ns]
  virtual Nanoseconds wall() const = 0;
};

// The host's CLOCK_MONOTONIC and CLOCK_REALTIME.
class SystemClock final : public Clock {
 public:
  Nanoseconds monotonic() const override {
    return std::chrono::steady_clock::now().time_since_epoch();
  }
  Nanoseconds wall() const override { return std::chrono::system_clock::now().time_since_epoch(); }
};

}  // namespace skiff
