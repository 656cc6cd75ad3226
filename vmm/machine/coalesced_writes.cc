#include "vmm/machine/coalesced_writes.h"

#include <bit>

namespace skiff {

CoalescedWrites::CoalescedWrites(std::span<std::byte> page, IoBus& ports, IoBus& mmio)
    : ring_(page), ports_(ports), mmio_(mmio), port_reader_(ports), mmio_reader_(mmio) {}

void CoalescedWrites::take_all() noexcept {
  MutexLock lock(mutex_);
  // Other vCPUs may go on writing: what was there is taken, not what comes without end.
  for (std::uint32_t left = ring_.capacity(); left != 0; --left) {
    const auto write = ring_.front();
    if (!write) return;
    pass_on(*write);
    ring_.drop_front();
  }
}

void CoalescedWrites::pass_on(const CoalescedWrite& write) noexcept {
  IoBus::Target target;
  // Whatever lies in the zone is collected, 3 bytes too; devices know powers of two only.
  const std::uint8_t width = std::has_single_bit(write.width) ? write.width : std::uint8_t{1};
  for (unsigned done = 0; done < write.width; done += width) {
    const std::uint64_t value = (write.value >> (8 * done)) & (~0ULL >> (64 - 8 * width));
    if (write.space == IoSpace::port) {
      ports_.write(port_reader_, write.address + done, width, value, target);
    } else {
      mmio_.write(mmio_reader_, write.address + done, width, value, target);
    }
  }
  count(target, write.address);
}

void CoalescedWrites::count(const IoBus::Target& target, std::uint64_t address) noexcept {
  const std::uint64_t offset =
      target.device != nullptr ? target.device->ledger_offset(target.offset) : address;
  for (std::size_t row = 0; row < used_; ++row) {
    const bool is_last = row == kRows - 1;
    if (is_last || (rows_[row].device == target.device && rows_[row].offset == offset)) {
      ++rows_[row].count;
      return;
    }
  }
  const bool is_last = used_ == kRows - 1;
  rows_[used_++] = {
      .device = is_last ? nullptr : target.device, .offset = is_last ? 0 : offset, .count = 1};
}

std::vector<CoalescedCount> CoalescedWrites::counts() {
  take();
  MutexLock lock(mutex_);
  return {rows_.begin(), rows_.begin() + static_cast<std::ptrdiff_t>(used_)};
}

}  // namespace skiff
