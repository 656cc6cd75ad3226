#include "virtio/ring/packed_ring.h"

#include <atomic>
#include <cstring>

#include "virtio/ring/ring_area.h"

namespace skiff {
namespace {

constexpr std::size_t kLenOffset = offsetof(virtq::PackedDescriptor, len);
constexpr std::size_t kFlagsOffset = offsetof(virtq::PackedDescriptor, flags);

}  // namespace

// Both sides read a descriptor's flags by acquire and write them last, by release: whoever sees
// them sees what they say.
//
// A batch becomes visible at once. The driver takes used descriptors in the order of the ring and
// looks no further than the first that is not used. So complete() writes all of each used
// descriptor but for the flags of the batch's first; publish() stores those, by release, and with
// them all that was written before.
//
//     complete A       complete B       complete C       publish
//     id len  -        id len flags     id len flags     flags of A   <- the driver saw nothing
//                                                                        before, and sees all after
//
// Whether a wake-up is lost is decided as in split rings (split_ring.cc has the argument):
//
//   device: publish                        driver: enable interrupts
//     flags of A             (release)       event suppression = "from here on"
//     -- full fence --                       -- full fence --
//     load driver's event suppression        load flags of the next used descriptor
//
//   device: enable_notifications           driver: make available
//     event suppression = "from here on"     flags of the head      (release)
//     -- full fence --                       -- full fence --
//     load flags of the next available       load device's event suppression

std::expected<PackedRing, std::string> PackedRing::create(const QueueConfig& config,
                                                          const GuestMemory& memory) {
  if (config.size == 0 || config.size > kMaxQueueSize) {
    return std::unexpected(bad_queue_size(config));
  }
  const auto descriptors = ring_area(memory, "descriptor ring", config.descriptor_area,
                                     virtq::kDescriptorSize * std::uint64_t{config.size}, 16);
  if (!descriptors) return std::unexpected(descriptors.error());
  const auto driver = ring_area(memory, "driver event suppression structure", config.driver_area,
                                virtq::kEventStructureSize, 4);
  if (!driver) return std::unexpected(driver.error());
  const auto device = ring_area(memory, "device event suppression structure", config.device_area,
                                virtq::kEventStructureSize, 4);
  if (!device) return std::unexpected(device.error());
  return PackedRing(config, memory, {*descriptors, *driver, *device});
}

PackedRing::PackedRing(const QueueConfig& config, const GuestMemory& memory, const Areas& areas)
    : memory_(&memory),
      descriptors_(areas.descriptors),
      driver_event_off_wrap_(areas.driver_event + virtq::kEventOffWrap),
      driver_event_flags_(areas.driver_event + virtq::kEventFlags),
      device_event_off_wrap_(areas.device_event + virtq::kEventOffWrap),
      device_event_flags_(areas.device_event + virtq::kEventFlags),
      size_(config.size),
      indirect_(config.indirect),
      event_idx_(config.event_idx) {}

virtq::SharedWord PackedRing::flags_at(std::uint16_t index) const {
  return virtq::SharedWord(descriptor_at(index) + kFlagsOffset);
}

bool PackedRing::is_available(std::uint16_t flags, bool wrap) {
  const bool avail = (flags & virtq::kDescAvail) != 0;
  const bool used = (flags & virtq::kDescUsed) != 0;
  return avail == wrap && used != wrap;
}

PackedRing::Position PackedRing::after(Position position, std::uint16_t slots) const {
  const unsigned index = unsigned{position.index} + slots;  // both at most 2^15
  if (index < size_) return {static_cast<std::uint16_t>(index), position.wrap};
  return {static_cast<std::uint16_t>(index - size_), !position.wrap};
}

PackedRing::Position PackedRing::before(Position position, std::uint16_t slots) const {
  if (slots <= position.index) return {virtq::distance(slots, position.index), position.wrap};
  const unsigned index = unsigned{position.index} + size_ - slots;
  return {static_cast<std::uint16_t>(index), !position.wrap};
}

PopResult PackedRing::broken(Fault fault) {
  fault_ = fault;
  return PopResult::broken;
}

PopResult PackedRing::pop(DescriptorChain& chain) {
  chain.clear();
  if (fault_ != nullptr) return PopResult::broken;
  const std::uint16_t flags = flags_at(next_avail_.index).load(std::memory_order_acquire);
  if (!is_available(flags, next_avail_.wrap)) return PopResult::empty;
  if (held_ == size_) return broken(ring_fault::kOverfull);

  ChainBuilder builder(chain.buffers_, *memory_);
  Fault fault = walk(builder, chain);
  if (fault == nullptr && builder.too_large()) fault = ring_fault::kSum;
  if (fault != nullptr) {
    chain.clear();
    return broken(fault);
  }
  chain.readable_count_ = builder.readable_count();
  chain.readable_size_ = builder.readable_size();
  chain.writable_size_ = builder.writable_size();
  held_ = virtq::add(held_, chain.slots_);
  ++in_flight_;
  next_avail_ = after(next_avail_, chain.slots_);
  return PopResult::chain;
}

// A list of descriptors is made available by the flags of its first one; the others were before
// (2.8.6), and the buffer id is in the last.
PackedRing::Fault PackedRing::walk(ChainBuilder& builder, DescriptorChain& chain) const {
  Position position = next_avail_;
  for (std::uint16_t slots = 1;; ++slots) {
    const auto descriptor = copy_descriptor<virtq::PackedDescriptor>(descriptor_at(position.index));
    if (!is_available(descriptor.flags, position.wrap)) return ring_fault::kNotAvailable;
    chain.id_ = descriptor.id;
    chain.slots_ = slots;
    if ((descriptor.flags & virtq::kDescIndirect) != 0) {
      if (slots != 1) return ring_fault::kIndirectInChain;
      return walk_indirect(descriptor, builder);
    }
    if (const Fault fault = builder.append(descriptor.addr, descriptor.len, descriptor.flags)) {
      return fault;
    }
    if ((descriptor.flags & virtq::kDescNext) == 0) return nullptr;
    if (slots == size_) return ring_fault::kTooLong;
    if (slots == size_ - held_) return ring_fault::kOverfull;
    position = after(position, 1);
  }
}

// The entries are all of the table, in its order; but for WRITE their flags are ignored (2.8.7).
PackedRing::Fault PackedRing::walk_indirect(const virtq::PackedDescriptor& descriptor,
                                            ChainBuilder& builder) const {
  if (!indirect_) return ring_fault::kIndirectNotNegotiated;
  if ((descriptor.flags & virtq::kDescNext) != 0) return ring_fault::kIndirectAndNext;
  IndirectTable table;
  if (const Fault fault = builder.find_table(descriptor.addr, descriptor.len, size_, table)) {
    return fault;
  }
  for (std::uint16_t index = 0; index < table.count; ++index) {
    const auto entry =
        copy_descriptor<virtq::PackedDescriptor>(table.entries + index * virtq::kDescriptorSize);
    if (const Fault fault = builder.append(entry.addr, entry.len, entry.flags)) return fault;
  }
  return nullptr;
}

void PackedRing::complete(const DescriptorChain& chain, std::uint32_t written) {
  assert(in_flight_ != 0);
  const struct {
    std::uint32_t len;
    std::uint16_t id;
  } element{written, chain.id()};
  static_assert(sizeof element.len + sizeof element.id == kFlagsOffset - kLenOffset);
  std::memcpy(descriptor_at(next_used_.index) + kLenOffset, &element, kFlagsOffset - kLenOffset);

  // Without WRITE the driver takes the length for nothing (2.8.4).
  std::uint16_t flags = written != 0 ? virtq::kDescWrite : std::uint16_t{0};
  if (next_used_.wrap) flags |= virtq::kDescAvail | virtq::kDescUsed;
  if (unpublished_ == 0) {
    first_flags_ = flags;
  } else {
    flags_at(next_used_.index).store(flags, std::memory_order_release);
  }
  next_used_ = after(next_used_, chain.slots_);
  unpublished_ = virtq::add(unpublished_, chain.slots_);
  --in_flight_;
}

bool PackedRing::publish() {
  if (unpublished_ == 0) return false;
  const std::uint16_t batch = unpublished_;
  flags_at(published_.index).store(first_flags_, std::memory_order_release);
  published_ = next_used_;
  held_ = virtq::distance(batch, held_);
  unpublished_ = 0;
  virtq::full_fence();
  // The driver writes off_wrap, then the flags that make it count (2.8.10).
  const std::uint16_t wanted =
      driver_event_flags_.load(std::memory_order_acquire) & virtq::kEventFlagsMask;
  if (wanted == virtq::kEventDisable) return false;
  if (wanted != virtq::kEventDesc || !event_idx_) return true;
  return virtq::packed_need_event(driver_event_off_wrap_.load(std::memory_order_relaxed),
                                  published_.index, published_.wrap, batch, size_);
}

void PackedRing::disable_notifications() {
  device_event_flags_.store(virtq::kEventDisable, std::memory_order_relaxed);
}

bool PackedRing::enable_notifications() {
  if (event_idx_) {
    const std::uint16_t wrap = next_avail_.wrap ? virtq::kEventWrap : std::uint16_t{0};
    device_event_off_wrap_.store(next_avail_.index | wrap, std::memory_order_relaxed);
    device_event_flags_.store(virtq::kEventDesc, std::memory_order_release);
  } else {
    device_event_flags_.store(virtq::kEventEnable, std::memory_order_relaxed);
  }
  virtq::full_fence();
  return has_available();
}

bool PackedRing::has_available() const {
  if (fault_ != nullptr) return true;
  return is_available(flags_at(next_avail_.index).load(std::memory_order_acquire),
                      next_avail_.wrap);
}

void PackedRing::undo_pop(const DescriptorChain& chain) {
  assert(in_flight_ != 0);
  next_avail_ = before(next_avail_, chain.slots_);
  held_ = virtq::distance(chain.slots_, held_);
  --in_flight_;
}

}  // namespace skiff
