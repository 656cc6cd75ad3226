// The device's side of one virtqueue, split or packed. `create` proves the configuration sound:
// size, alignment, and all three areas inside RAM; from then on the ring is reached without checks.
// What the driver writes later is never believed: each descriptor is copied once, and a chain is
// validated whole (count, indices, no loop, readable before writable, sizes, every buffer in RAM)
// before anyone sees it.
//
//   pop      -> chain   a request; it must come back by complete, in any order
//            -> empty   nothing now; enable_notifications, and if that says so pop again
//            -> broken  the driver broke the ring: fault() says how. From then on always `broken`;
//                       the device asks for a reset (VirtioInterrupts::needs_reset)
//   complete -> the used entry is written, not yet visible
//   publish  -> all of them are visible; says whether the driver wants an interrupt for them
//
// Thread rule: one thread at a time (the device's, once activated); the driver is the other side.
// Source: Virtual I/O Device (VIRTIO) 1.2, 2.6 to 2.8.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <variant>

#include "virtio/ring/descriptor_chain.h"
#include "virtio/ring/packed_ring.h"
#include "virtio/ring/pop_result.h"
#include "virtio/ring/queue_config.h"
#include "virtio/ring/queue_counters.h"
#include "virtio/ring/split_ring.h"
#include "vmm/io/guest_memory.h"

namespace skiff {

class Virtqueue {
 public:
  // `memory` outlives the queue. The error says, for the log, what the driver got wrong.
  static std::expected<Virtqueue, std::string> create(const QueueConfig& config,
                                                      const GuestMemory& memory);

  // Fills `chain` (see PopResult); its earlier contents are lost.
  PopResult pop(DescriptorChain& chain) {
    const PopResult result = std::visit([&chain](auto& ring) { return ring.pop(chain); }, ring_);
    if (result == PopResult::chain && counters_ != nullptr) counters_->requests.add(1);
    return result;
  }
  // `written`: bytes written to the writable half, from its start. [bytes]
  void complete(const DescriptorChain& chain, std::uint32_t written) {
    std::visit([&](auto& ring) { ring.complete(chain, written); }, ring_);
  }
  [[nodiscard]] bool publish() {
    return std::visit([](auto& ring) { return ring.publish(); }, ring_);
  }

  // The driver need not notify: the device looks by itself. A hint, the driver may notify anyway.
  void disable_notifications() {
    std::visit([](auto& ring) { ring.disable_notifications(); }, ring_);
  }
  // The driver shall notify of what it makes available next. True if something is there already
  // (made available before it could see this): pop again instead of waiting.
  [[nodiscard]] bool enable_notifications() {
    return std::visit([](auto& ring) { return ring.enable_notifications(); }, ring_);
  }
  // Something to pop (or broken), as far as can be told by a look at the ring; no side effect.
  bool has_available() const {
    return std::visit([](const auto& ring) { return ring.has_available(); }, ring_);
  }

  // Puts back the chain that was popped last and not completed: the next pop gives it again. For a
  // device that finds after pop that it has no room (a network card and a small buffer). Several go
  // back in the reverse of their order. It stays counted as popped, and is again by the next pop.
  void undo_pop(const DescriptorChain& chain) {
    std::visit([&chain](auto& ring) { ring.undo_pop(chain); }, ring_);
  }

  // Chains are counted there from now on; outlives the queue.
  void count_on(QueueCounters& counters) { counters_ = &counters; }

  std::uint16_t size() const {
    return std::visit([](const auto& ring) { return ring.size(); }, ring_);
  }
  // Chains popped and not completed.
  std::uint16_t in_flight() const {
    return std::visit([](const auto& ring) { return ring.in_flight(); }, ring_);
  }
  // What broke the ring; empty if nothing did. Constant text, for one log line.
  std::string_view fault() const {
    return std::visit([](const auto& ring) { return ring.fault(); }, ring_);
  }

 private:
  using Ring = std::variant<SplitRing, PackedRing>;
  explicit Virtqueue(Ring ring) : ring_(std::move(ring)) {}

  Ring ring_;
  QueueCounters* counters_ = nullptr;
};

}  // namespace skiff
