#include "vmm/control/output_ring.h"

#include <algorithm>
#include <cstring>

namespace skiff {

std::size_t OutputRing::write(std::span<const std::byte> bytes, bool& was_empty) noexcept {
  MutexLock lock(mutex_);
  const std::size_t size = size_.load(std::memory_order_relaxed);
  was_empty = size == 0;
  const std::size_t taken = std::min(bytes.size(), kCapacity - size);
  const std::size_t tail = (head_ + size) % kCapacity;
  const std::size_t first = std::min(taken, kCapacity - tail);
  std::memcpy(bytes_.get() + tail, bytes.data(), first);
  std::memcpy(bytes_.get(), bytes.data() + first, taken - first);
  size_.store(size + taken, std::memory_order_release);
  // A sink that has just become full counts as refused too: its device now shows "not ready", and
  // somebody must tell it when that ends.
  if (size + taken == kCapacity) starved_ = true;
  return taken;
}

std::span<const std::byte> OutputRing::front() noexcept {
  MutexLock lock(mutex_);
  const std::size_t size = size_.load(std::memory_order_relaxed);
  return {bytes_.get() + head_, std::min(size, kCapacity - head_)};
}

void OutputRing::pop(std::size_t count) noexcept {
  MutexLock lock(mutex_);
  const std::size_t size = size_.load(std::memory_order_relaxed);
  const std::size_t popped = std::min(count, size);
  head_ = (head_ + popped) % kCapacity;
  size_.store(size - popped, std::memory_order_release);
  // An empty ring starts over at its beginning: sparse output keeps to one page of memory.
  if (size == popped) head_ = 0;
}

bool OutputRing::take_starved() noexcept {
  MutexLock lock(mutex_);
  if (!starved_ || size_.load(std::memory_order_relaxed) > kCapacity / 2) return false;
  starved_ = false;
  return true;
}

}  // namespace skiff
