#include "virtio/ring/ring_area.h"

#include <fmt/format.h>

#include "vmm/base/bits.h"

namespace skiff {

std::expected<std::byte*, std::string> ring_area(const GuestMemory& memory, std::string_view what,
                                                 GuestAddress address, std::uint64_t length,
                                                 std::uint64_t alignment) {
  if (!is_aligned(address.value, alignment)) {
    return std::unexpected(
        fmt::format("the {} at {:#x} is not aligned to {}", what, address.value, alignment));
  }
  const auto bytes = memory.slice(address, length);
  if (!bytes) {
    return std::unexpected(fmt::format("the {} ({} bytes at {:#x}) is not inside one region of RAM",
                                       what, length, address.value));
  }
  return bytes->data();
}

std::string bad_queue_size(const QueueConfig& config) {
  return fmt::format("a queue size of {} is not {}1 to {}", config.size,
                     config.packed ? "" : "a power of two from ", kMaxQueueSize);
}

}  // namespace skiff
