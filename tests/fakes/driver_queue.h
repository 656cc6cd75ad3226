// The driver's mirror of a virtqueue, split or packed, in a GuestMemory: what a guest's driver
// does, and what only a broken or hostile one does.
//
//   DriverQueue driver(memory, GuestAddress(0x1000), 8, {.event_idx = true});
//   auto queue = Virtqueue::create(driver.config(), memory);
//   const GuestAddress buffer = driver.end();
//   const auto id = driver.offer({{buffer, 16}, {buffer.plus(16).value(), 512, true}});
//   if (driver.should_notify()) ...kick the device...
//   ...
//   const auto used = driver.used();  // {id, bytes written}
//
// Laid out from `base`: the three areas, each aligned, then one indirect table per ring entry; the
// memory there has to be zero, as a driver clears it. end() is the first free address behind.
//
// Malformed: `split()` and `packed()` reach the raw descriptors, indices and event fields. A raw
// chain is descriptors by write_descriptor and put_available, then show().
//
// Thread rule: one thread, the driver's. The device may run at the same time on another.
#pragma once

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <variant>

#include "tests/fakes/driver_queue_packed.h"
#include "tests/fakes/driver_queue_split.h"
#include "tests/fakes/driver_queue_types.h"

namespace skiff {

class DriverQueue {
 public:
  using Buffers = std::initializer_list<DriverBuffer>;

  DriverQueue(const GuestMemory& memory, GuestAddress base, std::uint16_t size,
              const DriverQueueOptions& options = {})
      : DriverQueue(memory, lay_out(base, size, options), tables_at(base, size, options),
                    options.indirect_entries) {}
  // Areas where the test wants them; `tables` is the first of `table_entries` entries of an
  // indirect table for each ring entry.
  DriverQueue(const GuestMemory& memory, const QueueConfig& config, GuestAddress tables,
              std::uint16_t table_entries)
      : memory_(memory),
        config_(config),
        end_(tables.value + virtq::kDescriptorSize * std::uint64_t{table_entries} * config.size),
        half_(make_half(memory, config, tables, table_entries)) {}

  const QueueConfig& config() const { return config_; }
  GuestAddress end() const { return end_; }

  // Makes a chain available; it has to fit free(). The id comes back by used(): split the head's
  // index, packed the buffer id.
  std::uint16_t offer(std::span<const DriverBuffer> chain) {
    const std::uint16_t id = stage(chain);
    show();
    return id;
  }
  std::uint16_t offer(Buffers chain) { return offer(as_span(chain)); }
  // The same by an indirect table; it takes one ring entry. Split: the first `direct` buffers may
  // have descriptors of their own, before the table.
  std::uint16_t offer_indirect(std::span<const DriverBuffer> chain, std::size_t direct = 0) {
    const std::uint16_t id = stage_indirect(chain, direct);
    show();
    return id;
  }
  std::uint16_t offer_indirect(Buffers chain, std::size_t direct = 0) {
    return offer_indirect(as_span(chain), direct);
  }

  // The two steps of offer, for batches: stage writes, show makes all that was staged visible.
  std::uint16_t stage(std::span<const DriverBuffer> chain) {
    return std::visit([&](auto& half) { return half.stage(chain, chain.size()); }, half_);
  }
  std::uint16_t stage(Buffers chain) { return stage(as_span(chain)); }
  std::uint16_t stage_indirect(std::span<const DriverBuffer> chain, std::size_t direct = 0) {
    return std::visit([&](auto& half) { return half.stage(chain, direct); }, half_);
  }
  std::uint16_t stage_indirect(Buffers chain, std::size_t direct = 0) {
    return stage_indirect(as_span(chain), direct);
  }
  void show() {
    std::visit([](auto& half) { half.show(); }, half_);
  }

  // Ring entries that are free.
  std::uint16_t free() const {
    return std::visit([](const auto& half) { return half.free(); }, half_);
  }
  // Whether the device wants a notification for what was shown since the last call.
  bool should_notify() {
    return std::visit([](auto& half) { return half.should_notify(); }, half_);
  }

  // The next thing the device gave back.
  std::optional<DriverUsed> used() {
    return std::visit([](auto& half) { return half.used(); }, half_);
  }
  bool has_used() const {
    return std::visit([](const auto& half) { return half.has_used(); }, half_);
  }

  // Interrupts from the device. Split with EVENT_IDX: disable does nothing, as in 2.7.7.1.
  void disable_interrupts() {
    std::visit([](auto& half) { half.disable_interrupts(); }, half_);
  }
  // Wants one for the next used entry; with EVENT_IDX for the one `after` further ones (packed:
  // ring entries, fewer than the size). True if something is used already: look again.
  bool enable_interrupts(std::uint16_t after = 0) {
    return std::visit([after](auto& half) { return half.enable_interrupts(after); }, half_);
  }

  // Raw access: descriptor `index` of the ring's table, or of an indirect table at `table`.
  void write_descriptor(std::uint16_t index, const RawDescriptor& descriptor) {
    std::visit([&](auto& half) { half.write_descriptor(index, descriptor); }, half_);
  }
  void write_indirect(GuestAddress table, std::size_t index, const RawDescriptor& descriptor) {
    const GuestAddress at(table.value + index * virtq::kDescriptorSize);
    std::byte* const host = memory_.at(at, virtq::kDescriptorSize);
    std::visit([&](auto& half) { half.write(host, 0, descriptor); }, half_);
  }
  // The half the queue has; aborts for the other.
  DriverSplitQueue& split() { return half<DriverSplitQueue>(); }
  DriverPackedQueue& packed() { return half<DriverPackedQueue>(); }

 private:
  using Half = std::variant<DriverSplitQueue, DriverPackedQueue>;

  static std::span<const DriverBuffer> as_span(Buffers chain) {
    return {chain.begin(), chain.size()};
  }
  static std::uint64_t up(std::uint64_t address, std::uint64_t alignment) {
    return (address + alignment - 1) & ~(alignment - 1);
  }
  static QueueConfig lay_out(GuestAddress base, std::uint16_t size,
                             const DriverQueueOptions& options) {
    const std::uint64_t descriptors = up(base.value, 16);
    const std::uint64_t driver = descriptors + virtq::kDescriptorSize * std::uint64_t{size};
    const std::uint64_t driver_size =
        options.packed ? virtq::kEventStructureSize : virtq::kRingEntries + 2ULL * size + 2;
    return {.size = size,
            .descriptor_area = GuestAddress(descriptors),
            .driver_area = GuestAddress(driver),
            .device_area = GuestAddress(up(driver + driver_size, 4)),
            .packed = options.packed,
            .indirect = options.indirect,
            .event_idx = options.event_idx};
  }
  static GuestAddress tables_at(GuestAddress base, std::uint16_t size,
                                const DriverQueueOptions& options) {
    const std::uint64_t device_size =
        options.packed ? virtq::kEventStructureSize : virtq::kRingEntries + 8ULL * size + 2;
    return GuestAddress(up(lay_out(base, size, options).device_area.value + device_size, 16));
  }
  static Half make_half(const GuestMemory& memory, const QueueConfig& config, GuestAddress tables,
                        std::uint16_t entries) {
    if (config.packed) {
      return Half(std::in_place_type<DriverPackedQueue>, memory, config, tables, entries);
    }
    return Half(std::in_place_type<DriverSplitQueue>, memory, config, tables, entries);
  }
  template <typename Wanted>
  Wanted& half() {
    auto* const found = std::get_if<Wanted>(&half_);
    driver_require(found != nullptr);
    return *found;
  }

  const DriverMemory memory_;
  const QueueConfig config_;
  const GuestAddress end_;
  Half half_;
};

}  // namespace skiff
