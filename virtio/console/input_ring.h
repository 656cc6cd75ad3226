// Bytes on their way from outside (the main thread, which reads the terminal) to the guest's
// receive buffers (the device's executor): bounded, so that the sender waits and nothing is lost.
// Thread rule: push from any thread; front and pop from the one that drains.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "vmm/base/mutex.h"

namespace skiff {

class InputRing {
 public:
  static constexpr std::size_t kCapacity = 16 * 1024;  // [bytes]

  struct Pushed {
    std::size_t taken = 0;
    bool was_empty = false;  // the drainer may be asleep
  };
  // Takes what fits.
  Pushed push(std::span<const std::byte> bytes) noexcept;

  // The oldest bytes, contiguous; empty when there are none. They stay until pop.
  std::span<const std::byte> front() noexcept;
  // Takes away the oldest `count`, at most what front gave. True once after a push was cut short
  // and at least half the ring is free again: the sender is to be told.
  [[nodiscard]] bool pop(std::size_t count) noexcept;

 private:
  // Not value-initialised: pages become real as input first passes through them.
  const std::unique_ptr<std::byte[]> bytes_{new std::byte[kCapacity]};
  Mutex mutex_;
  std::size_t head_ SKIFF_GUARDED_BY(mutex_) = 0;  // index of the oldest byte
  std::size_t size_ SKIFF_GUARDED_BY(mutex_) = 0;
  bool refused_ SKIFF_GUARDED_BY(mutex_) = false;
};

}  // namespace skiff
