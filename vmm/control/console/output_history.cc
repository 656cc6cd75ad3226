#include "vmm/control/console/output_history.h"

#include <algorithm>
#include <cstring>

namespace skiff {

// The atomics are sequentially consistent throughout: who stores one and then loads another (limit
// and refused, alarm and head) relies on the other side not having missed both.

void OutputHistory::put(std::uint64_t position, std::span<const std::byte> bytes) noexcept {
  if (bytes.size() > kCapacity) {
    position += bytes.size() - kCapacity;
    bytes = bytes.last(kCapacity);
  }
  const std::size_t at = position % kCapacity;
  const std::size_t first = std::min(bytes.size(), kCapacity - at);
  std::memcpy(bytes_.get() + at, bytes.data(), first);
  if (first < bytes.size()) {
    std::memcpy(bytes_.get(), bytes.data() + first, bytes.size() - first);
  }
}

bool OutputHistory::refuse() noexcept {
  if (refused_.exchange(true)) return false;
  refusals_.fetch_add(1);
  return !watched_.load();
}

OutputHistory::Written OutputHistory::write(std::span<const std::byte> bytes) noexcept {
  Written written;
  MutexLock lock(mutex_);
  while (written.taken < bytes.size()) {
    const std::uint64_t head = head_.load();
    const std::uint64_t limit = limit_.load();
    const std::size_t left = bytes.size() - written.taken;
    const std::size_t size = std::min<std::uint64_t>(left, limit - head);
    put(head, bytes.subspan(written.taken, size));
    head_.store(head + size);
    written.taken += size;
    // A sink that has just become full counts as refused too: its device now shows "not ready", and
    // somebody must tell it when that ends.
    if (head + size != limit) continue;
    written.wake |= refuse();
    // Room that was made before the main thread could see the refusal is used at once.
    if (limit_.load() == limit) break;
  }
  const std::uint64_t head = head_.load();
  if (head > alarm_.load() && alarm_.exchange(kNever) != kNever) written.wake = true;
  // Refused, and yet there is room: the main thread may have looked in between.
  if (refused_.load() && head < limit_.load()) written.wake = true;
  return written;
}

void OutputHistory::hold(std::uint64_t position) noexcept {
  limit_.store(position == kNever ? kNever : position + kCapacity);
}

std::uint64_t OutputHistory::hold_from(std::uint64_t position) noexcept {
  MutexLock lock(mutex_);
  position = std::max(position, oldest_at(head_.load()));
  limit_.store(std::min(limit_.load(), position + kCapacity));
  return position;
}

std::array<iovec, 2> OutputHistory::view(std::uint64_t from, std::size_t size) const noexcept {
  const std::size_t at = from % kCapacity;
  const std::size_t first = std::min(size, kCapacity - at);
  return {iovec{.iov_base = bytes_.get() + at, .iov_len = first},
          iovec{.iov_base = bytes_.get(), .iov_len = size - first}};
}

std::size_t OutputHistory::copy(std::uint64_t& from, std::span<std::byte> out) noexcept {
  MutexLock lock(mutex_);
  const std::uint64_t head = head_.load();
  from = std::max(from, oldest_at(head));
  const std::size_t size = std::min<std::uint64_t>(out.size(), head - from);
  const auto parts = view(from, size);
  std::memcpy(out.data(), parts[0].iov_base, parts[0].iov_len);
  std::memcpy(out.data() + parts[0].iov_len, parts[1].iov_base, parts[1].iov_len);
  return size;
}

bool OutputHistory::wake_past(std::uint64_t position) noexcept {
  alarm_.store(position);
  return head_.load() <= position;
}

std::uint64_t OutputHistory::room() const noexcept {
  const std::uint64_t limit = limit_.load();
  return limit == kNever ? kCapacity : limit - head_.load();
}

}  // namespace skiff
