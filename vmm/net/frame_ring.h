// Frames that wait for a guest: a bounded queue of bytes in one allocation.
// Thread rule: one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace skiff {

class FrameRing {
 public:
  explicit FrameRing(std::size_t capacity)
      : capacity_(capacity), bytes_(std::make_unique_for_overwrite<std::byte[]>(capacity)) {}

  bool empty() const { return used_ == 0; }
  // Room for one frame, its own length counted. [bytes]
  std::size_t room() const {
    const std::size_t left = capacity_ - used_;
    return left > sizeof(std::uint32_t) ? left - sizeof(std::uint32_t) : 0;
  }
  // False, and nothing stored, where there is no room.
  bool push(std::span<const std::byte> frame);
  // The oldest frame, as the one or two pieces it lies in; not when empty.
  struct Front {
    std::span<const std::byte> first;
    std::span<const std::byte> second;
  };
  Front front() const;
  void pop();

 private:
  void write(std::span<const std::byte> bytes);
  std::uint32_t front_size() const;
  Front pieces(std::size_t at, std::size_t size) const;

  const std::size_t capacity_;
  const std::unique_ptr<std::byte[]> bytes_;
  std::size_t begin_ = 0;
  std::size_t used_ = 0;
};

}  // namespace skiff
