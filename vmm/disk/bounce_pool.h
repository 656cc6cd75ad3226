// Aligned memory for O_DIRECT requests whose own buffers are not aligned. Bounded: whoever finds
// none free waits for one. Pages are taken from the host at first use.
// Thread rule: one thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace skiff {

class BouncePool {
 public:
  static constexpr std::size_t kBuffers = 16;
  static constexpr std::size_t kBufferSize = 256 * 1024;  // [bytes]

  BouncePool() = default;
  ~BouncePool();
  BouncePool(const BouncePool&) = delete;
  BouncePool& operator=(const BouncePool&) = delete;

  // kBufferSize bytes at a page border; null if none is free.
  std::byte* take();
  void give_back(std::byte* buffer);
  // Nothing is taken and still none can be had: the host has no memory.
  bool is_hopeless() const { return memory_ == nullptr && refused_; }

 private:
  std::byte* memory_ = nullptr;
  bool refused_ = false;
  std::array<std::uint8_t, kBuffers> free_{};
  std::size_t free_count_ = 0;
};

}  // namespace skiff
