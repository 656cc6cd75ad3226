#include "virtio/console/input_ring.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace skiff {

InputRing::Pushed InputRing::push(std::span<const std::byte> bytes) noexcept {
  MutexLock lock(mutex_);
  const Pushed pushed = {.taken = std::min(bytes.size(), kCapacity - size_),
                         .was_empty = size_ == 0};
  const std::size_t tail = (head_ + size_) % kCapacity;
  const std::size_t first = std::min(pushed.taken, kCapacity - tail);
  if (first != 0) std::memcpy(bytes_.get() + tail, bytes.data(), first);
  if (pushed.taken > first) {
    std::memcpy(bytes_.get(), bytes.data() + first, pushed.taken - first);
  }
  size_ += pushed.taken;
  if (pushed.taken < bytes.size()) refused_ = true;
  return pushed;
}

std::span<const std::byte> InputRing::front() noexcept {
  MutexLock lock(mutex_);
  return {bytes_.get() + head_, std::min(size_, kCapacity - head_)};
}

bool InputRing::pop(std::size_t count) noexcept {
  MutexLock lock(mutex_);
  count = std::min(count, size_);
  head_ = (head_ + count) % kCapacity;
  size_ -= count;
  if (size_ > kCapacity / 2) return false;
  return std::exchange(refused_, false);
}

}  // namespace skiff
