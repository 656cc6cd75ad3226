#include "vmm/net/frame_ring.h"

#include <algorithm>
#include <cstring>

namespace skiff {

FrameRing::Front FrameRing::pieces(std::size_t at, std::size_t size) const {
  at %= capacity_;
  const std::size_t first = std::min(size, capacity_ - at);
  return {{bytes_.get() + at, first}, {bytes_.get(), size - first}};
}

void FrameRing::write(std::span<const std::byte> bytes) {
  const std::size_t at = (begin_ + used_) % capacity_;
  const std::size_t first = std::min(bytes.size(), capacity_ - at);
  std::memcpy(bytes_.get() + at, bytes.data(), first);
  if (first < bytes.size()) std::memcpy(bytes_.get(), bytes.data() + first, bytes.size() - first);
  used_ += bytes.size();
}

bool FrameRing::push(std::span<const std::byte> frame) {
  if (frame.empty() || frame.size() > room()) return false;
  const auto size = static_cast<std::uint32_t>(frame.size());
  write(std::as_bytes(std::span(&size, 1)));
  write(frame);
  return true;
}

std::uint32_t FrameRing::front_size() const {
  std::uint32_t size = 0;
  const Front raw = pieces(begin_, sizeof size);
  std::memcpy(&size, raw.first.data(), raw.first.size());
  if (!raw.second.empty()) {
    std::memcpy(reinterpret_cast<std::byte*>(&size) + raw.first.size(), raw.second.data(),
                raw.second.size());
  }
  return size;
}

FrameRing::Front FrameRing::front() const {
  return pieces(begin_ + sizeof(std::uint32_t), front_size());
}

void FrameRing::pop() {
  const std::size_t size = sizeof(std::uint32_t) + front_size();
  begin_ = (begin_ + size) % capacity_;
  used_ -= size;
}

}  // namespace skiff
