#include "virtio/ring/virtqueue.h"

#include <utility>

namespace skiff {

std::expected<Virtqueue, std::string> Virtqueue::create(const QueueConfig& config,
                                                        const GuestMemory& memory) {
  if (config.packed) {
    auto ring = PackedRing::create(config, memory);
    if (!ring) return std::unexpected(std::move(ring.error()));
    return Virtqueue(std::move(*ring));
  }
  auto ring = SplitRing::create(config, memory);
  if (!ring) return std::unexpected(std::move(ring.error()));
  return Virtqueue(std::move(*ring));
}

}  // namespace skiff
