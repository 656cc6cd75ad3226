// The driver's half of a packed virtqueue (VIRTIO 1.2, 2.8.21, 2.8.22). Use it through DriverQueue.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstring>
#include <optional>

#include "tests/fakes/driver_queue_types.h"

namespace skiff {

class DriverPackedQueue {
 public:
  DriverPackedQueue(const GuestMemory& memory, const QueueConfig& config, GuestAddress tables,
                    std::uint16_t table_entries)
      : memory_(memory),
        size_(config.size),
        event_idx_(config.event_idx),
        tables_(tables),
        table_entries_(table_entries),
        descriptors_(memory_.at(config.descriptor_area, virtq::kDescriptorSize * config.size)),
        driver_off_wrap_(memory_.word(config.driver_area, virtq::kEventOffWrap)),
        driver_flags_(memory_.word(config.driver_area, virtq::kEventFlags)),
        device_off_wrap_(memory_.word(config.device_area, virtq::kEventOffWrap)),
        device_flags_(memory_.word(config.device_area, virtq::kEventFlags)),
        slots_(config.size),
        free_(config.size) {
    for (std::uint16_t i = 0; i < size_; ++i)
      free_ids_.push_back(virtq::distance(virtq::add(i, 1), size_));  // 0 is taken first
  }

  std::uint16_t free() const { return free_; }

  std::uint16_t stage(std::span<const DriverBuffer> chain, std::size_t indirect_from) {
    const bool table = indirect_from < chain.size();
    driver_require(!table || indirect_from == 0);  // no mixture in packed rings (2.8.9)
    const std::size_t needed = table ? 1 : chain.size();
    driver_require(needed != 0 && needed <= free_ && !free_ids_.empty());
    const std::uint16_t id = free_ids_.back();
    free_ids_.pop_back();
    slots_[id] = static_cast<std::uint16_t>(needed);
    free_ = virtq::distance(static_cast<std::uint16_t>(needed), free_);
    for (std::size_t i = 0; i < needed; ++i) {
      const std::uint16_t more = i + 1 < needed ? virtq::kDescNext : std::uint16_t{0};
      put_available(table ? write_table(id, chain) : raw(chain[i], more, id));
    }
    return id;
  }
  // Adds one descriptor, good or not, at the next place, with the AVAIL and USED bits that make it
  // available added to its flags. The first one after show() stays hidden until the next show().
  void put_available(RawDescriptor descriptor) {
    descriptor.flags |= available_bits(wrap_);
    if (staged_ == 0) {
      first_ = next_;
      first_flags_ = descriptor.flags;
      descriptor.flags = 0;
    }
    // Its flags go last, and a hidden head's not at all: they may be read at the same time.
    std::byte* const at = descriptors_ + next_ * virtq::kDescriptorSize;
    const virtq::PackedDescriptor packed{descriptor.addr, descriptor.len, descriptor.next_or_id, 0};
    std::memcpy(at, &packed, offsetof(virtq::PackedDescriptor, flags));
    if (staged_ != 0) flags_at(next_).store(descriptor.flags, std::memory_order_release);
    ++staged_;
    if (++next_ == size_) {
      next_ = 0;
      wrap_ = !wrap_;
    }
  }
  void show() {
    if (staged_ == 0) return;
    flags_at(first_).store(first_flags_, std::memory_order_release);
    since_notified_ = virtq::add(since_notified_, staged_);
    staged_ = 0;
  }

  bool should_notify() {
    const std::uint16_t batch = since_notified_;
    since_notified_ = 0;
    virtq::full_fence();
    const std::uint16_t wanted =
        device_flags_.load(std::memory_order_acquire) & virtq::kEventFlagsMask;
    if (wanted != virtq::kEventDesc || !event_idx_) return wanted != virtq::kEventDisable;
    return virtq::packed_need_event(device_off_wrap_.load(std::memory_order_relaxed), next_, wrap_,
                                    batch, size_);
  }

  std::optional<DriverUsed> used() {
    if (!has_used()) return std::nullopt;
    virtq::PackedDescriptor descriptor{};
    std::memcpy(&descriptor, descriptors_ + next_used_ * virtq::kDescriptorSize, sizeof descriptor);
    const bool written = (descriptor.flags & virtq::kDescWrite) != 0;
    recycle(descriptor.id);
    return DriverUsed{descriptor.id, written ? descriptor.len : 0};
  }
  bool has_used() const {
    const std::uint16_t flags = flags_at(next_used_).load(std::memory_order_acquire);
    const bool avail = (flags & virtq::kDescAvail) != 0;
    const bool used = (flags & virtq::kDescUsed) != 0;
    return avail == used && used == used_wrap_;
  }

  void disable_interrupts() {
    driver_flags_.store(virtq::kEventDisable, std::memory_order_relaxed);
  }
  bool enable_interrupts(std::uint16_t after) {
    if (event_idx_) {
      unsigned index = unsigned{next_used_} + after;
      bool wrap = used_wrap_;
      if (index >= size_) {
        index -= size_;
        wrap = !wrap;
      }
      set_driver_event(static_cast<std::uint16_t>(index | (wrap ? virtq::kEventWrap : 0U)),
                       virtq::kEventDesc);
    } else {
      driver_flags_.store(virtq::kEventEnable, std::memory_order_relaxed);
    }
    virtq::full_fence();
    return has_used();
  }

  // Raw access.
  static std::uint16_t available_bits(bool wrap) {
    return wrap ? virtq::kDescAvail : virtq::kDescUsed;
  }
  void write_descriptor(std::uint16_t index, const RawDescriptor& descriptor) {
    driver_require(index < size_);
    write(descriptors_, index, descriptor);
  }
  static void write(std::byte* table, std::size_t index, const RawDescriptor& descriptor) {
    const virtq::PackedDescriptor packed{descriptor.addr, descriptor.len, descriptor.next_or_id,
                                         descriptor.flags};
    std::memcpy(table + index * sizeof packed, &packed, sizeof packed);
  }
  void set_driver_event(std::uint16_t off_wrap, std::uint16_t flags) {
    driver_off_wrap_.store(off_wrap, std::memory_order_relaxed);
    driver_flags_.store(flags, std::memory_order_release);
  }
  std::uint16_t device_event_flags() const { return device_flags_.load(std::memory_order_relaxed); }
  std::uint16_t device_event_off_wrap() const {
    return device_off_wrap_.load(std::memory_order_relaxed);
  }
  std::uint16_t next_position() const { return next_; }
  bool wrap() const { return wrap_; }

 private:
  virtq::SharedWord flags_at(std::uint16_t index) const {
    return virtq::SharedWord(descriptors_ + index * virtq::kDescriptorSize +
                             offsetof(virtq::PackedDescriptor, flags));
  }
  static RawDescriptor raw(const DriverBuffer& buffer, std::uint16_t flags, std::uint16_t id) {
    if (buffer.writable) flags |= virtq::kDescWrite;
    return {buffer.address.value, buffer.length, flags, id};
  }
  RawDescriptor write_table(std::uint16_t id, std::span<const DriverBuffer> chain) {
    driver_require(chain.size() <= table_entries_);
    const std::size_t bytes = virtq::kDescriptorSize * chain.size();
    const GuestAddress table(tables_.value +
                             virtq::kDescriptorSize * std::uint64_t{table_entries_} * id);
    for (std::size_t i = 0; i < chain.size(); ++i)
      write(memory_.at(table, bytes), i, raw(chain[i], 0, 0));
    return {table.value, static_cast<std::uint32_t>(bytes), virtq::kDescIndirect, id};
  }
  // An id that is not out was made up by the test (it took one place), or is the device's fault.
  void recycle(std::uint16_t id) {
    std::uint16_t slots = 1;
    if (id < size_ && slots_[id] != 0) {
      slots = slots_[id];
      slots_[id] = 0;
      free_ids_.push_back(id);
      free_ = virtq::add(free_, slots);
    }
    const unsigned index = unsigned{next_used_} + slots;
    if (index >= size_) used_wrap_ = !used_wrap_;
    next_used_ = static_cast<std::uint16_t>(index >= size_ ? index - size_ : index);
  }

  const DriverMemory memory_;
  const std::uint16_t size_;
  const bool event_idx_;
  const GuestAddress tables_;
  const std::uint16_t table_entries_;
  std::byte* const descriptors_;
  const virtq::SharedWord driver_off_wrap_;
  const virtq::SharedWord driver_flags_;
  const virtq::SharedWord device_off_wrap_;
  const virtq::SharedWord device_flags_;

  // The driver's own memory, out of the device's reach.
  std::vector<std::uint16_t> free_ids_;
  std::vector<std::uint16_t> slots_;  // by id: ring entries of a chain that is out, else 0
  std::uint16_t free_;
  std::uint16_t next_ = 0;
  bool wrap_ = true;
  std::uint16_t first_ = 0;  // the hidden head of what is staged
  std::uint16_t first_flags_ = 0;
  std::uint16_t staged_ = 0;
  std::uint16_t since_notified_ = 0;
  std::uint16_t next_used_ = 0;
  bool used_wrap_ = true;
};

}  // namespace skiff
