// The device's side of a packed virtqueue; Virtqueue (virtqueue.h) says what each method means.
//
//   descriptor area   descriptor ring, 16 bytes * size       read and written
//   driver area       the driver's event suppression         read
//   device area       the device's event suppression         written
//
// Driver and device walk the one ring in the same order, each with a wrap counter that flips at its
// end; a descriptor's AVAIL and USED flags against the counter say whose it is (2.8.1):
//
//              published_      next_used_      next_avail_
//   --------------|---------------|---------------|--------------->
//     driver's    |   completed,  |   in flight   |   available, then the driver's
//                 | not published |               |
//                 |<----- held_: at most size --->|
//
// Not modelled: VIRTIO_F_IN_ORDER (a used descriptor for each chain is always written).
// Thread rule: see Virtqueue.
// Source: Virtual I/O Device (VIRTIO) 1.2, 2.8.
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

class PackedRing {
 public:
  // Proves the size, the alignment (16, 4, 4) and that each area is RAM of one region (2.8).
  static std::expected<PackedRing, std::string> create(const QueueConfig& config,
                                                       const GuestMemory& memory);

  PackedRing(PackedRing&&) noexcept = default;
  PackedRing& operator=(PackedRing&&) noexcept = default;
  PackedRing(const PackedRing&) = delete;
  PackedRing& operator=(const PackedRing&) = delete;
  ~PackedRing() = default;

  PopResult pop(DescriptorChain& chain);
  void complete(const DescriptorChain& chain, std::uint32_t written);
  [[nodiscard]] bool publish();

  void disable_notifications();
  [[nodiscard]] bool enable_notifications();
  bool has_available() const;
  void undo_pop(const DescriptorChain& chain);

  std::uint16_t size() const { return size_; }
  std::uint16_t in_flight() const { return in_flight_; }
  std::string_view fault() const { return fault_ != nullptr ? fault_ : std::string_view(); }

 private:
  using Fault = ChainBuilder::Fault;
  struct Areas {
    std::byte* descriptors;
    std::byte* driver_event;
    std::byte* device_event;
  };
  // A place in the ring and the lap it belongs to.
  struct Position {
    std::uint16_t index = 0;
    bool wrap = true;  // both counters start at 1 (2.8.1)
  };

  PackedRing(const QueueConfig& config, const GuestMemory& memory, const Areas& areas);

  std::byte* descriptor_at(std::uint16_t index) const {
    return descriptors_ + index * virtq::kDescriptorSize;
  }
  virtq::SharedWord flags_at(std::uint16_t index) const;
  static bool is_available(std::uint16_t flags, bool wrap);
  Position after(Position position, std::uint16_t slots) const;
  Position before(Position position, std::uint16_t slots) const;

  PopResult broken(Fault fault);
  Fault walk(ChainBuilder& builder, DescriptorChain& chain) const;
  Fault walk_indirect(const virtq::PackedDescriptor& descriptor, ChainBuilder& builder) const;

  const GuestMemory* memory_;
  std::byte* descriptors_;
  virtq::SharedWord driver_event_off_wrap_;
  virtq::SharedWord driver_event_flags_;
  virtq::SharedWord device_event_off_wrap_;
  virtq::SharedWord device_event_flags_;
  std::uint16_t size_;
  bool indirect_;
  bool event_idx_;

  Position next_avail_;
  Position next_used_;
  Position published_;
  std::uint16_t first_flags_ = 0;  // of the descriptor at published_, written by publish
  std::uint16_t unpublished_ = 0;  // ring entries completed and not published
  std::uint16_t held_ = 0;         // ring entries popped and not published
  std::uint16_t in_flight_ = 0;    // chains
  Fault fault_ = nullptr;
};

}  // namespace skiff
