// The writes that KVM has collected instead of leaving the guest for each: a ring of the whole VM,
// in a page behind every vCPU's kvm_run area.
// Source: Linux Documentation/virt/kvm/api.rst 4.116, KVM_(UN)REGISTER_COALESCED_MMIO.
//
// KVM appends and owns `last`; we take and own `first`. What stands there is checked: an index or
// a width that cannot be ends the use of the ring for good.
//
// Thread rule: is_empty from any thread; the others by one at a time.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "vmm/io/hw_description.h"

struct kvm_coalesced_mmio_ring;

namespace skiff {

struct CoalescedWrite {
  IoSpace space = IoSpace::mmio;
  std::uint64_t address = 0;
  std::uint8_t width = 0;  // 1 to 8 [bytes]
  std::uint64_t value = 0;
};

class CoalescedRing {
 public:
  // `page` is the ring's, and outlives it; its size says how many entries there are.
  explicit CoalescedRing(std::span<std::byte> page);

  bool is_empty() const noexcept;
  // The oldest write; nothing where there is none. It stays in the ring, which is not empty for
  // any thread, until it is dropped: who finds the ring empty can rely on all having been done.
  std::optional<CoalescedWrite> front() noexcept;
  void drop_front() noexcept;
  std::uint32_t capacity() const { return capacity_; }

 private:
  bool is_broken() const noexcept { return is_broken_.load(std::memory_order_relaxed); }

  kvm_coalesced_mmio_ring* const ring_;
  const std::uint32_t capacity_;
  std::atomic<bool> is_broken_{false};
};

}  // namespace skiff
