// The device's side of a split virtqueue; Virtqueue (virtqueue.h) says what each method means.
//
//   descriptor area   descriptor table, 16 bytes * size      read by the device
//   driver area       available ring, flags idx ring[size]   read; with EVENT_IDX used_event
//   device area       used ring, flags idx ring[size]        written; with EVENT_IDX avail_event
//
// Indices run through all of uint16_t; an entry is found at index % size.
//
//            published_      next_used_      next_avail_     seen_avail_
//   ------------|---------------|---------------|---------------|----------->
//     driver's  |   completed,  |   in flight   |   available   |  the driver's next
//               | not published |               |               |
//               |<------------------ at most size -------------->|
//
// Not modelled: VIRTIO_F_IN_ORDER, VIRTIO_F_NOTIFICATION_DATA.
// Thread rule: see Virtqueue.
// Source: Virtual I/O Device (VIRTIO) 1.2, 2.7.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "virtio/ring/chain_builder.h"
#include "virtio/ring/descriptor_chain.h"
#include "virtio/ring/pop_result.h"
#include "virtio/ring/queue_config.h"
#include "virtio/ring/ring_format.h"
#include "vmm/io/guest_memory.h"

namespace skiff {

class SplitRing {
 public:
  // Proves the size, the alignment (16, 2, 4) and that each area is RAM of one region (2.7).
  static std::expected<SplitRing, std::string> create(const QueueConfig& config,
                                                      const GuestMemory& memory);

  SplitRing(SplitRing&&) noexcept = default;
  SplitRing& operator=(SplitRing&&) noexcept = default;
  SplitRing(const SplitRing&) = delete;
  SplitRing& operator=(const SplitRing&) = delete;
  ~SplitRing() = default;

  PopResult pop(DescriptorChain& chain);
  void complete(const DescriptorChain& chain, std::uint32_t written);
  [[nodiscard]] bool publish();

  void disable_notifications();
  [[nodiscard]] bool enable_notifications();
  bool has_available() const;
  void undo_pop(const DescriptorChain& chain);

  std::uint16_t size() const { return size_; }
  std::uint16_t in_flight() const { return virtq::distance(next_used_, next_avail_); }
  std::string_view fault() const { return fault_ != nullptr ? fault_ : std::string_view(); }

 private:
  using Fault = ChainBuilder::Fault;
  struct Areas {
    std::byte* descriptors;
    std::byte* available;
    std::byte* used;
  };

  SplitRing(const QueueConfig& config, const GuestMemory& memory, const Areas& areas);

  PopResult broken(Fault fault);
  Fault look_for_more();
  Fault walk(std::uint16_t head, ChainBuilder& builder) const;
  Fault walk_indirect(const virtq::SplitDescriptor& descriptor, ChainBuilder& builder) const;

  const GuestMemory* memory_;
  const std::byte* descriptors_;
  const std::byte* available_entries_;
  std::byte* used_entries_;
  virtq::SharedWord avail_flags_;
  virtq::SharedWord avail_idx_;
  virtq::SharedWord used_event_;  // in the available ring; only with EVENT_IDX
  virtq::SharedWord used_flags_;
  virtq::SharedWord used_idx_;
  virtq::SharedWord avail_event_;  // in the used ring; only with EVENT_IDX
  std::uint16_t size_;
  bool indirect_;
  bool event_idx_;

  std::uint16_t next_avail_ = 0;
  std::uint16_t seen_avail_ = 0;  // the driver's idx when it was last looked at
  std::uint16_t next_used_ = 0;
  std::uint16_t published_ = 0;
  Fault fault_ = nullptr;
};

}  // namespace skiff
