#include "vmm/disk/bounce_pool.h"

#include <sys/mman.h>

namespace skiff {

BouncePool::~BouncePool() {
  if (memory_ != nullptr) ::munmap(memory_, kBuffers * kBufferSize);
}

std::byte* BouncePool::take() {
  if (memory_ == nullptr) {
    void* const memory = ::mmap(nullptr, kBuffers * kBufferSize, PROT_READ | PROT_WRITE,
                                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    refused_ = memory == MAP_FAILED;
    if (refused_) return nullptr;
    memory_ = static_cast<std::byte*>(memory);
    for (free_count_ = 0; free_count_ < kBuffers; ++free_count_)
      free_.at(free_count_) = static_cast<std::uint8_t>(free_count_);
  }
  if (free_count_ == 0) return nullptr;
  return memory_ + free_.at(--free_count_) * kBufferSize;
}

void BouncePool::give_back(std::byte* buffer) {
  const auto offset = static_cast<std::size_t>(buffer - memory_);
  free_.at(free_count_++) = static_cast<std::uint8_t>(offset / kBufferSize);
}

}  // namespace skiff
