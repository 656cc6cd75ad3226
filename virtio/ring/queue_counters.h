// What has happened on one queue since the machine's start. They outlive the ring they count, which
// is new with each activation.
//
// Thread rule: each counter is written by one thread (the device's executor), so that counting is a
// load, an addition and a store, without a locked instruction; read from any thread.
#pragma once

#include <atomic>
#include <cstdint>

namespace skiff {

class SingleWriterCounter {
 public:
  void add(std::uint64_t more) noexcept {
    value_.store(value_.load(std::memory_order_relaxed) + more, std::memory_order_relaxed);
  }
  std::uint64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

// On a cache line of its own: queues may belong to different threads.
struct alignas(64) QueueCounters {
  SingleWriterCounter notifications;
  SingleWriterCounter requests;
  SingleWriterCounter interrupts;
};

}  // namespace skiff
