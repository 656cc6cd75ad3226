#include "vmm/kvm/coalesced_ring.h"

#include <cstring>

#include "vmm/kvm/kvm_abi.h"

namespace skiff {

CoalescedRing::CoalescedRing(std::span<std::byte> page)
    : ring_(reinterpret_cast<kvm_coalesced_mmio_ring*>(page.data())),
      capacity_(static_cast<std::uint32_t>((page.size() - sizeof(kvm_coalesced_mmio_ring)) /
                                           sizeof(kvm_coalesced_mmio))) {}

bool CoalescedRing::is_empty() const noexcept {
  const auto first = std::atomic_ref(ring_->first).load(std::memory_order_acquire);
  const auto last = std::atomic_ref(ring_->last).load(std::memory_order_acquire);
  return first == last || is_broken();
}

std::optional<CoalescedWrite> CoalescedRing::front() noexcept {
  if (is_empty()) return std::nullopt;
  const auto first = std::atomic_ref(ring_->first).load(std::memory_order_relaxed);
  const auto last = std::atomic_ref(ring_->last).load(std::memory_order_acquire);
  if (first >= capacity_ || last >= capacity_) {
    is_broken_.store(true, std::memory_order_relaxed);
    return std::nullopt;
  }
  kvm_coalesced_mmio entry;
  std::memcpy(&entry, &ring_->coalesced_mmio[first], sizeof entry);
  if (entry.len == 0 || entry.len > sizeof entry.data) {
    is_broken_.store(true, std::memory_order_relaxed);
    return std::nullopt;
  }
  CoalescedWrite write{.space = entry.pio != 0 ? IoSpace::port : IoSpace::mmio,
                       .address = entry.phys_addr,
                       .width = static_cast<std::uint8_t>(entry.len)};
  std::memcpy(&write.value, entry.data, entry.len);
  return write;
}

void CoalescedRing::drop_front() noexcept {
  const auto first = std::atomic_ref(ring_->first).load(std::memory_order_relaxed);
  if (first >= capacity_) return;
  std::atomic_ref(ring_->first).store((first + 1) % capacity_, std::memory_order_release);
}

}  // namespace skiff
