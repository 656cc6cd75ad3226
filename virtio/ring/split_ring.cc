#include "virtio/ring/split_ring.h"

#include <atomic>
#include <bit>
#include <cstring>

#include "virtio/ring/ring_area.h"

namespace skiff {

using virtq::distance;

// Two pairs of a store and a load on each side decide whether a wake-up is lost. In both, each side
// stores, then looks at what the other stored; a full fence between the two makes it impossible
// that both look before either store arrives (release and acquire would allow that).
//
//   device: publish                        driver: enable interrupts
//     used.ring[...]  = elements             used_event / avail.flags = "from here on"
//     used.idx        = new   (release)      -- full fence --
//     -- full fence --                       load used.idx
//     load used_event / avail.flags
//
//     The device does not see the new used_event: then the driver sees the new used.idx, and
//     handles the elements without an interrupt. And the other way round.
//
//   device: enable_notifications           driver: make available
//     avail_event / used.flags = "..."       avail.ring[...] = heads
//     -- full fence --                       avail.idx       = new   (release)
//     load avail.idx                         -- full fence --
//                                            load avail_event / used.flags
//
//     The device does not see the new avail.idx: then the driver sees the new avail_event, and
//     notifies. And the other way round.
//
// What lies behind an index is ordered by release (who writes the index) and acquire (who reads
// it).

std::expected<SplitRing, std::string> SplitRing::create(const QueueConfig& config,
                                                        const GuestMemory& memory) {
  const std::uint64_t size = config.size;
  if (size == 0 || size > kMaxQueueSize || !std::has_single_bit(size)) {
    return std::unexpected(bad_queue_size(config));
  }
  const std::uint64_t event = config.event_idx ? sizeof(std::uint16_t) : 0;
  const auto descriptors = ring_area(memory, "descriptor table", config.descriptor_area,
                                     virtq::kDescriptorSize * size, 16);
  if (!descriptors) return std::unexpected(descriptors.error());
  const auto available = ring_area(memory, "available ring", config.driver_area,
                                   virtq::kRingEntries + sizeof(std::uint16_t) * size + event, 2);
  if (!available) return std::unexpected(available.error());
  const auto used = ring_area(memory, "used ring", config.device_area,
                              virtq::kRingEntries + sizeof(virtq::UsedElement) * size + event, 4);
  if (!used) return std::unexpected(used.error());
  return SplitRing(config, memory, {*descriptors, *available, *used});
}

SplitRing::SplitRing(const QueueConfig& config, const GuestMemory& memory, const Areas& areas)
    : memory_(&memory),
      descriptors_(areas.descriptors),
      available_entries_(areas.available + virtq::kRingEntries),
      used_entries_(areas.used + virtq::kRingEntries),
      avail_flags_(areas.available + virtq::kRingFlags),
      avail_idx_(areas.available + virtq::kRingIdx),
      used_flags_(areas.used + virtq::kRingFlags),
      used_idx_(areas.used + virtq::kRingIdx),
      size_(config.size),
      indirect_(config.indirect),
      event_idx_(config.event_idx) {
  if (!event_idx_) return;
  used_event_ = virtq::SharedWord(areas.available + virtq::kRingEntries +
                                  sizeof(std::uint16_t) * config.size);
  avail_event_ = virtq::SharedWord(areas.used + virtq::kRingEntries +
                                   sizeof(virtq::UsedElement) * config.size);
}

PopResult SplitRing::broken(Fault fault) {
  fault_ = fault;
  return PopResult::broken;
}

// Reads the driver's index. What it may have available is bounded by what it has got back.
SplitRing::Fault SplitRing::look_for_more() {
  const std::uint16_t idx = avail_idx_.load(std::memory_order_acquire);
  if (distance(next_avail_, idx) > size_) return ring_fault::kAvailableAhead;
  if (distance(published_, idx) > size_) return ring_fault::kOverfull;
  seen_avail_ = idx;
  return nullptr;
}

PopResult SplitRing::pop(DescriptorChain& chain) {
  chain.clear();
  if (fault_ != nullptr) return PopResult::broken;
  if (next_avail_ == seen_avail_) {
    if (const Fault fault = look_for_more()) return broken(fault);
    if (next_avail_ == seen_avail_) return PopResult::empty;
  }
  std::uint16_t head = 0;
  const std::size_t slot = next_avail_ & (size_ - 1U);
  std::memcpy(&head, available_entries_ + slot * sizeof head, sizeof head);
  asm volatile("" : "+r"(head));  // see copy_descriptor
  if (head >= size_) return broken(ring_fault::kHead);

  ChainBuilder builder(chain.buffers_, *memory_);
  Fault fault = walk(head, builder);
  if (fault == nullptr && builder.too_large()) fault = ring_fault::kSum;
  if (fault != nullptr) {
    chain.clear();
    return broken(fault);
  }
  chain.readable_count_ = builder.readable_count();
  chain.readable_size_ = builder.readable_size();
  chain.writable_size_ = builder.writable_size();
  chain.id_ = head;
  next_avail_ = virtq::add(next_avail_, 1);
  return PopResult::chain;
}

SplitRing::Fault SplitRing::walk(std::uint16_t head, ChainBuilder& builder) const {
  for (std::uint16_t index = head;;) {
    const auto descriptor =
        copy_descriptor<virtq::SplitDescriptor>(descriptors_ + index * virtq::kDescriptorSize);
    if ((descriptor.flags & virtq::kDescIndirect) != 0) return walk_indirect(descriptor, builder);
    if (builder.length() == size_) return ring_fault::kTooLong;
    if (const Fault fault = builder.append(descriptor.addr, descriptor.len, descriptor.flags)) {
      return fault;
    }
    if ((descriptor.flags & virtq::kDescNext) == 0) return nullptr;
    index = descriptor.next;
    if (index >= size_) return ring_fault::kNext;
  }
}

// The last descriptor of a chain may be indirect (2.7.5.3.2); its WRITE flag is ignored.
SplitRing::Fault SplitRing::walk_indirect(const virtq::SplitDescriptor& descriptor,
                                          ChainBuilder& builder) const {
  if (!indirect_) return ring_fault::kIndirectNotNegotiated;
  if ((descriptor.flags & virtq::kDescNext) != 0) return ring_fault::kIndirectAndNext;
  IndirectTable table;
  if (const Fault fault = builder.find_table(descriptor.addr, descriptor.len, size_, table)) {
    return fault;
  }
  const std::size_t direct = builder.length();
  for (std::uint16_t index = 0;;) {
    const auto entry =
        copy_descriptor<virtq::SplitDescriptor>(table.entries + index * virtq::kDescriptorSize);
    if ((entry.flags & virtq::kDescIndirect) != 0) return ring_fault::kIndirectNested;
    if (builder.length() == size_ || builder.length() - direct == table.count) {
      return ring_fault::kTooLong;
    }
    if (const Fault fault = builder.append(entry.addr, entry.len, entry.flags)) return fault;
    if ((entry.flags & virtq::kDescNext) == 0) return nullptr;
    index = entry.next;
    if (index >= table.count) return ring_fault::kNext;
  }
}

void SplitRing::complete(const DescriptorChain& chain, std::uint32_t written) {
  assert(in_flight() != 0);
  const std::size_t slot = next_used_ & (size_ - 1U);
  const virtq::UsedElement element{chain.id(), written};
  std::memcpy(used_entries_ + slot * sizeof element, &element, sizeof element);
  next_used_ = virtq::add(next_used_, 1);
}

bool SplitRing::publish() {
  const std::uint16_t old = published_;
  if (old == next_used_) return false;
  published_ = next_used_;
  used_idx_.store(published_, std::memory_order_release);
  virtq::full_fence();
  if (event_idx_) {
    return virtq::need_event(used_event_.load(std::memory_order_relaxed), published_, old);
  }
  return (avail_flags_.load(std::memory_order_relaxed) & virtq::kAvailNoInterrupt) == 0;
}

// With EVENT_IDX the flag is not used (2.7.10): the driver notifies when it passes avail_event, and
// an avail_event that is left behind it is passed again only after 2^16 requests.
void SplitRing::disable_notifications() {
  if (!event_idx_) used_flags_.store(virtq::kUsedNoNotify, std::memory_order_relaxed);
}

bool SplitRing::enable_notifications() {
  if (event_idx_) {
    avail_event_.store(next_avail_, std::memory_order_relaxed);
  } else {
    used_flags_.store(0, std::memory_order_relaxed);
  }
  virtq::full_fence();
  return has_available();
}

bool SplitRing::has_available() const {
  return fault_ != nullptr || avail_idx_.load(std::memory_order_acquire) != next_avail_;
}

void SplitRing::undo_pop(const DescriptorChain&) {
  assert(in_flight() != 0);
  next_avail_ = distance(1, next_avail_);
}

}  // namespace skiff
