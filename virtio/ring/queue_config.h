// What a driver wrote about one queue, before anything of it is believed.
// Source: Virtual I/O Device (VIRTIO) 1.2, 2.7 (split), 2.8 (packed), 4.1.4.3, 4.2.2.
#pragma once

#include <cstdint>

#include "vmm/io/guest_address.h"

namespace skiff {

struct QueueConfig {
  std::uint16_t size = 0;          // entries; split: a power of two; at most kMaxQueueSize
  GuestAddress descriptor_area{};  // split: descriptor table; packed: descriptor ring
  GuestAddress driver_area{};      // split: available ring; packed: driver event suppression
  GuestAddress device_area{};      // split: used ring; packed: device event suppression

  // Negotiated ring features.
  bool packed = false;     // VIRTIO_F_RING_PACKED
  bool indirect = false;   // VIRTIO_F_INDIRECT_DESC
  bool event_idx = false;  // VIRTIO_F_EVENT_IDX
};

// Neither ring format may be larger (2.7, 2.8.10.1).
inline constexpr std::uint16_t kMaxQueueSize = 32768;

}  // namespace skiff
