// Writes that KVM has collected (vmm/kvm/coalesced_ring.h), given to their devices in the guest's
// order: each vCPU's thread takes what there is after every exit, before it looks at the exit, and
// whoever asks for the counts takes it too. So a write is never seen to come after what the same
// vCPU did later; only when nobody looks may it be late.
//
// Only for devices that do nothing but keep a value: they are called under a mutex.
//
// Thread rule: any thread. The devices outlive it.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "vmm/base/mutex.h"
#include "vmm/io/io_bus.h"
#include "vmm/kvm/coalesced_ring.h"

namespace skiff {

struct CoalescedCount {
  const IoDevice* device = nullptr;  // null: nobody lives there, or there was no row left
  std::uint64_t offset = 0;
  std::uint64_t count = 0;
};

class CoalescedWrites {
 public:
  CoalescedWrites(std::span<std::byte> page, IoBus& ports, IoBus& mmio);

  // Two reads of the ring where it is empty.
  void take() noexcept {
    if (!ring_.is_empty()) [[unlikely]]
      take_all();
  }
  // After taking what there is. Rows in use; one for each register, seven at most and one for the
  // rest.
  std::vector<CoalescedCount> counts();

 private:
  static constexpr std::size_t kRows = 8;

  void take_all() noexcept;
  void pass_on(const CoalescedWrite& write) noexcept SKIFF_REQUIRES(mutex_);
  void count(const IoBus::Target& target, std::uint64_t address) noexcept SKIFF_REQUIRES(mutex_);

  Mutex mutex_;
  CoalescedRing ring_;  // taken from under the mutex
  IoBus& ports_;
  IoBus& mmio_;
  IoBus::Reader port_reader_ SKIFF_GUARDED_BY(mutex_);
  IoBus::Reader mmio_reader_ SKIFF_GUARDED_BY(mutex_);
  std::array<CoalescedCount, kRows> rows_ SKIFF_GUARDED_BY(mutex_){};
  std::size_t used_ SKIFF_GUARDED_BY(mutex_) = 0;
};

}  // namespace skiff
