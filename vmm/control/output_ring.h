// Console output between the vCPUs that produce it and the main thread that writes it out: bounded,
// so that a guest printing without pause costs kCapacity bytes and waits, and loses nothing.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <span>

#include "vmm/base/mutex.h"
#include "vmm/io/byte_channel.h"

namespace skiff {

// Thread rule: write and writable from any thread; front, pop and starved from the one that drains.
class OutputRing final {
 public:
  static constexpr std::size_t kCapacity = 64 * 1024;

  // Takes what fits. `was_empty` tells the producer that the drainer may be asleep.
  std::size_t write(std::span<const std::byte> bytes, bool& was_empty) noexcept;
  bool writable() const noexcept { return size_.load(std::memory_order_relaxed) < kCapacity; }
  bool empty() const noexcept { return size_.load(std::memory_order_acquire) == 0; }

  // The oldest bytes, contiguous; empty when there are none. They stay until pop.
  std::span<const std::byte> front() noexcept;
  void pop(std::size_t count) noexcept;
  // True once after a producer was refused and at least half the ring is free again.
  bool take_starved() noexcept;

 private:
  // Not value-initialised: pages become real as output first passes through them.
  const std::unique_ptr<std::byte[]> bytes_{new std::byte[kCapacity]};
  mutable Mutex mutex_;
  std::size_t head_ SKIFF_GUARDED_BY(mutex_) = 0;  // index of the oldest byte
  std::atomic<std::size_t> size_{0};
  bool starved_ SKIFF_GUARDED_BY(mutex_) = false;
};

}  // namespace skiff
