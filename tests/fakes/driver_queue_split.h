// The driver's half of a split virtqueue (VIRTIO 1.2, 2.7.13, 2.7.14). Use it through DriverQueue.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstring>
#include <optional>

#include "tests/fakes/driver_queue_types.h"

namespace skiff {

class DriverSplitQueue {
 public:
  DriverSplitQueue(const GuestMemory& memory, const QueueConfig& config, GuestAddress tables,
                   std::uint16_t table_entries)
      : memory_(memory),
        size_(config.size),
        event_idx_(config.event_idx),
        tables_(tables),
        table_entries_(table_entries),
        descriptors_(memory_.at(config.descriptor_area, virtq::kDescriptorSize * config.size)),
        avail_entries_(memory_.at(config.driver_area, virtq::kRingEntries + 2U * config.size) +
                       virtq::kRingEntries),
        used_entries_(memory_.at(config.device_area, virtq::kRingEntries + 8U * config.size) +
                      virtq::kRingEntries),
        avail_flags_(memory_.word(config.driver_area, virtq::kRingFlags)),
        avail_idx_(memory_.word(config.driver_area, virtq::kRingIdx)),
        used_flags_(memory_.word(config.device_area, virtq::kRingFlags)),
        used_idx_(memory_.word(config.device_area, virtq::kRingIdx)),
        next_(config.size),
        entries_(config.size) {
    if (event_idx_) {
      used_event_ = memory_.word(config.driver_area, virtq::kRingEntries + 2U * size_);
      avail_event_ = memory_.word(config.device_area, virtq::kRingEntries + 8U * size_);
    }
    for (std::uint16_t i = 0; i < size_; ++i)
      next_[i] = virtq::add(i, 1);
    free_ = size_;
  }

  std::uint16_t free() const { return free_; }

  std::uint16_t stage(std::span<const DriverBuffer> chain, std::size_t indirect_from) {
    const std::size_t direct = std::min(indirect_from, chain.size());
    const bool table = direct < chain.size();
    const std::size_t needed = direct + (table ? 1 : 0);
    driver_require(needed != 0 && needed <= free_);
    const std::uint16_t head = free_head_;
    std::uint16_t index = head;
    for (std::size_t i = 0; i < needed; ++i) {
      const std::uint16_t next = next_[index];
      const std::uint16_t more = i + 1 < needed ? virtq::kDescNext : std::uint16_t{0};
      if (i < direct) {
        write(descriptors_, index, raw(chain[i], more, next));
      } else {
        write(descriptors_, index, write_table(index, chain.subspan(direct)));
      }
      if (i + 1 == needed) free_head_ = next;
      last_ = index;
      index = next;
    }
    next_[last_] = size_;  // ends the chain in the driver's own list
    free_ = virtq::distance(static_cast<std::uint16_t>(needed), free_);
    entries_[head] = static_cast<std::uint16_t>(needed);
    put_available(head);
    return head;
  }
  // Adds a head, good or not, to what show() makes visible.
  void put_available(std::uint16_t head) {
    write_available(staged_, head);
    staged_ = virtq::add(staged_, 1);
  }
  void show() { avail_idx_.store(staged_, std::memory_order_release); }

  bool should_notify() {
    const std::uint16_t old = notified_;
    notified_ = staged_;
    virtq::full_fence();
    if (event_idx_) {
      return virtq::need_event(avail_event_.load(std::memory_order_relaxed), staged_, old);
    }
    return (used_flags_.load(std::memory_order_relaxed) & virtq::kUsedNoNotify) == 0;
  }

  std::optional<DriverUsed> used() {
    if (!has_used()) return std::nullopt;
    virtq::UsedElement element{};
    std::memcpy(&element, used_entries_ + (next_used_ & (size_ - 1U)) * sizeof element,
                sizeof element);
    next_used_ = virtq::add(next_used_, 1);
    if (element.id < size_) recycle(static_cast<std::uint16_t>(element.id));
    return DriverUsed{element.id, element.len};
  }
  bool has_used() const { return used_idx_.load(std::memory_order_acquire) != next_used_; }

  void disable_interrupts() {
    if (!event_idx_) avail_flags_.store(virtq::kAvailNoInterrupt, std::memory_order_relaxed);
  }
  bool enable_interrupts(std::uint16_t after) {
    if (event_idx_) {
      used_event_.store(virtq::add(next_used_, after), std::memory_order_relaxed);
    } else {
      avail_flags_.store(0, std::memory_order_relaxed);
    }
    virtq::full_fence();
    return has_used();
  }

  // Raw access.
  void write_descriptor(std::uint16_t index, const RawDescriptor& descriptor) {
    driver_require(index < size_);
    write(descriptors_, index, descriptor);
  }
  static void write(std::byte* table, std::size_t index, const RawDescriptor& descriptor) {
    const virtq::SplitDescriptor split{descriptor.addr, descriptor.len, descriptor.flags,
                                       descriptor.next_or_id};
    std::memcpy(table + index * sizeof split, &split, sizeof split);
  }
  void write_available(std::uint16_t position, std::uint16_t head) {
    std::memcpy(avail_entries_ + (position & (size_ - 1U)) * sizeof head, &head, sizeof head);
  }
  void set_available_index(std::uint16_t idx) {
    staged_ = idx;
    show();
  }
  std::uint16_t available_index() const { return staged_; }
  std::uint16_t used_index() const { return used_idx_.load(std::memory_order_acquire); }
  void set_used_event(std::uint16_t value) { used_event_.store(value, std::memory_order_relaxed); }
  std::uint16_t avail_event() const { return avail_event_.load(std::memory_order_relaxed); }
  void set_available_flags(std::uint16_t value) {
    avail_flags_.store(value, std::memory_order_relaxed);
  }
  std::uint16_t used_flags() const { return used_flags_.load(std::memory_order_relaxed); }

 private:
  static RawDescriptor raw(const DriverBuffer& buffer, std::uint16_t flags, std::uint16_t next) {
    if (buffer.writable) flags |= virtq::kDescWrite;
    return {buffer.address.value, buffer.length, flags, next};
  }
  RawDescriptor write_table(std::uint16_t index, std::span<const DriverBuffer> chain) {
    driver_require(chain.size() <= table_entries_);
    const std::size_t bytes = virtq::kDescriptorSize * chain.size();
    const GuestAddress table(tables_.value +
                             virtq::kDescriptorSize * std::uint64_t{table_entries_} * index);
    for (std::size_t i = 0; i < chain.size(); ++i) {
      const std::uint16_t more = i + 1 < chain.size() ? virtq::kDescNext : std::uint16_t{0};
      write(memory_.at(table, bytes), i, raw(chain[i], more, static_cast<std::uint16_t>(i + 1)));
    }
    return {table.value, static_cast<std::uint32_t>(bytes), virtq::kDescIndirect, 0};
  }
  // Gives a chain's descriptors back; an id that is not out was the device's or the test's fault.
  void recycle(std::uint16_t head) {
    if (entries_[head] == 0) return;
    std::uint16_t last = head;
    while (next_[last] != size_)
      last = next_[last];
    next_[last] = free_ != 0 ? free_head_ : size_;
    free_head_ = head;
    free_ = virtq::add(free_, entries_[head]);
    entries_[head] = 0;
  }

  const DriverMemory memory_;
  const std::uint16_t size_;
  const bool event_idx_;
  const GuestAddress tables_;
  const std::uint16_t table_entries_;
  std::byte* const descriptors_;
  std::byte* const avail_entries_;
  std::byte* const used_entries_;
  const virtq::SharedWord avail_flags_;
  const virtq::SharedWord avail_idx_;
  const virtq::SharedWord used_flags_;
  const virtq::SharedWord used_idx_;
  virtq::SharedWord used_event_;
  virtq::SharedWord avail_event_;

  // The driver's own memory, out of the device's reach.
  std::vector<std::uint16_t> next_;     // lists of descriptors: the free ones, each chain's
  std::vector<std::uint16_t> entries_;  // by head: descriptors of a chain that is out, else 0
  std::uint16_t free_head_ = 0;
  std::uint16_t free_ = 0;
  std::uint16_t last_ = 0;
  std::uint16_t staged_ = 0;    // the available index that show() stores
  std::uint16_t notified_ = 0;  // the index when should_notify was last asked
  std::uint16_t next_used_ = 0;
};

}  // namespace skiff
