// Names of devices, from any thread to the main thread's loop. However often a guest breaks its
// devices, at most one wake-up is on its way, with each name once, and what is told is limited.
//
// Thread rule: put from any thread; `on_device` is called on the thread that runs `io`; created and
// destroyed there, when nobody puts any more.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "vmm/base/clock.h"
#include "vmm/base/mutex.h"
#include "vmm/base/rate_limiter.h"

namespace skiff {

class DeviceMailbox {
 public:
  static constexpr RateLimit kTold{.per_second = 1, .burst = 16};
  using Handler = std::function<void(const std::string& device)>;

  // All outlive this object.
  DeviceMailbox(boost::asio::io_context& io, const Clock& clock, Handler on_device)
      : io_(io), clock_(clock), on_device_(std::move(on_device)) {}

  void put(std::string_view device) {
    MutexLock lock(mutex_);
    const bool is_first = devices_.empty();
    devices_.emplace(device);
    if (is_first) boost::asio::post(io_, [this] { deliver(); });
  }

 private:
  void deliver() {
    std::set<std::string, std::less<>> devices;
    {
      MutexLock lock(mutex_);
      devices.swap(devices_);
    }
    for (const std::string& device : devices) {
      if (told_.try_take(1, clock_.monotonic())) on_device_(device);
    }
  }

  boost::asio::io_context& io_;
  const Clock& clock_;
  const Handler on_device_;
  RateLimiter told_{kTold};
  Mutex mutex_;
  std::set<std::string, std::less<>> devices_ SKIFF_GUARDED_BY(mutex_);
};

}  // namespace skiff
