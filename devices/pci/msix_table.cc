#include "devices/pci/msix_table.h"

#include <bit>
#include <cassert>

#include "devices/pci/pci_regs.h"
#include "vmm/base/bits.h"

namespace skiff {
namespace {

constexpr std::uint64_t kEntrySize = 16;
constexpr std::uint32_t kVectorMasked = 1;
// A BAR smaller than a page would share it with others; guests map pages.
constexpr std::uint64_t kMinSize = kPageSize;

}  // namespace

MsixTable::MsixTable(std::string_view name, unsigned vectors, MsiSink& sink)
    : name_(name), faults_(name_), vectors_(vectors), entries_(vectors) {
  assert(vectors >= 1 && vectors <= kMaxVectors);
  for (Vector& vector : vectors_)
    vector.msi = sink.create_vector();
}

MsixTable::~MsixTable() = default;

// The table takes the lower half, so both halves start at natural places whatever the count.
std::uint64_t MsixTable::pba_offset() const {
  return size() / 2;
}

std::uint64_t MsixTable::size() const {
  return std::max(kMinSize, std::bit_ceil(vectors_.size() * kEntrySize) * 2);
}

void MsixTable::set_requester_id(std::uint32_t id) {
  MutexLock lock(mutex_);
  requester_id_ = id;
}

// Why nothing gets lost without a lock: this side stores `pending` before it looks at `delivery`
// again, the unmasking side stores `delivery` before it looks at `pending`; all sequentially
// consistent, so at least one of them sees the other's store, and the exchange lets only one act.
bool MsixTable::trigger(unsigned vector) noexcept {
  if (vector >= vectors_.size()) return false;
  Vector& target = vectors_[vector];
  switch (target.delivery.load()) {
    case Delivery::off:
      return false;
    case Delivery::live:
      target.msi->trigger();
      return true;
    case Delivery::masked:
      break;
  }
  target.pending.store(true);
  if (target.delivery.load() == Delivery::live) deliver_pending(target);
  return true;
}

void MsixTable::deliver_pending(Vector& vector) noexcept {
  if (vector.pending.exchange(false)) vector.msi->trigger();
}

void MsixTable::sync(unsigned index) {
  Vector& vector = vectors_[index];
  Delivery wanted = Delivery::off;
  MsiMessage message;
  {
    MutexLock lock(mutex_);
    const Entry& entry = entries_[index];
    if ((control_ & pci::kMsixEnable) != 0) {
      const bool masked =
          (control_ & pci::kMsixFunctionMask) != 0 || (entry.control & kVectorMasked) != 0;
      wanted = masked ? Delivery::masked : Delivery::live;
    }
    message.address = std::uint64_t{entry.address_high} << 32 | entry.address_low;
    message.data = entry.data;
    message.device_id = requester_id_;
  }
  // A route is taken, and changed, only for a vector that can deliver: a guest writes the four
  // words of an entry one by one, under the mask.
  if (wanted == Delivery::live && message != vector.routed) {
    const auto set = vector.msi->set_message(message);
    if (!set) {
      faults_.report("{}: vector {}: {}", name_, index, set.error());
      wanted = Delivery::masked;
    } else {
      vector.routed = message;
    }
  }
  vector.delivery.store(wanted);
  if (wanted == Delivery::live) deliver_pending(vector);
  if (wanted == Delivery::off) vector.pending.store(false);
}

void MsixTable::sync_all() {
  MutexLock route_lock(route_mutex_);
  for (unsigned i = 0; i < vectors_.size(); ++i)
    sync(i);
}

void MsixTable::set_control(std::uint16_t control) {
  {
    MutexLock lock(mutex_);
    control &= pci::kMsixEnable | pci::kMsixFunctionMask;
    if (control == control_) return;
    control_ = control;
    enabled_.store((control & pci::kMsixEnable) != 0, std::memory_order_relaxed);
  }
  sync_all();
}

void MsixTable::reset() {
  {
    MutexLock lock(mutex_);
    entries_.assign(entries_.size(), Entry{});
    control_ = 0;
    enabled_.store(false, std::memory_order_relaxed);
  }
  sync_all();
}

IoStatus MsixTable::check(IoAccess access) const {
  if (access.width != 4 && access.width != 8) return IoStatus::bad_width;
  if (!is_aligned<std::uint64_t>(access.offset, access.width)) return IoStatus::misaligned;
  const std::uint64_t table_end = vectors_.size() * kEntrySize;
  const std::uint64_t pba = pba_offset();
  const std::uint64_t pba_end = pba + (vectors_.size() + 63) / 64 * 8;
  // Both ends are multiples of eight, and so is the access if it is eight wide: nothing crosses.
  const bool inside =
      access.offset < table_end || (access.offset >= pba && access.offset < pba_end);
  return inside ? IoStatus::ok : IoStatus::no_such_register;
}

std::uint32_t MsixTable::read_register(std::uint64_t offset) const {
  if (offset < pba_offset()) {
    const Entry& entry = entries_[offset / kEntrySize];
    switch (offset % kEntrySize / 4) {
      case 0:
        return entry.address_low;
      case 1:
        return entry.address_high;
      case 2:
        return entry.data;
      default:
        return entry.control;
    }
  }
  const std::uint64_t first = (offset - pba_offset()) * 8;
  std::uint32_t bits = 0;
  for (unsigned i = 0; i < 32 && first + i < vectors_.size(); ++i) {
    if (vectors_[first + i].pending.load(std::memory_order_relaxed)) bits |= 1U << i;
  }
  return bits;
}

IoStatus MsixTable::read(IoAccess access, std::uint64_t& value) {
  if (const IoStatus status = check(access); status != IoStatus::ok) {
    faults_.report("{}: read of {} bytes at {:#x}", name_, access.width, access.offset);
    return status;
  }
  MutexLock lock(mutex_);
  value = read_register(access.offset);
  if (access.width == 8) value |= std::uint64_t{read_register(access.offset + 4)} << 32;
  return IoStatus::ok;
}

IoStatus MsixTable::write(IoAccess access, std::uint64_t value) {
  if (const IoStatus status = check(access); status != IoStatus::ok) {
    faults_.report("{}: write of {} bytes at {:#x}", name_, access.width, access.offset);
    return status;
  }
  if (access.offset >= pba_offset()) return IoStatus::ok;  // 6.8.2.10: read-only
  const unsigned index = static_cast<unsigned>(access.offset / kEntrySize);
  {
    MutexLock lock(mutex_);
    Entry& entry = entries_[index];
    for (unsigned i = 0; i < access.width; i += 4) {
      const auto word = static_cast<std::uint32_t>(value >> (i * 8));
      switch ((access.offset + i) % kEntrySize / 4) {
        case 0:
          entry.address_low = word & ~3U;  // 6.8.2.6: the low two bits are zero
          break;
        case 1:
          entry.address_high = word;
          break;
        case 2:
          entry.data = word;
          break;
        default:
          entry.control = word & kVectorMasked;
      }
    }
  }
  MutexLock route_lock(route_mutex_);
  sync(index);
  return IoStatus::ok;
}

std::string_view MsixTable::register_name(std::uint64_t offset, bool) const {
  if (offset >= pba_offset()) return "pending bits";
  switch (offset % kEntrySize / 4) {
    case 0:
      return "message address";
    case 1:
      return "message upper address";
    case 2:
      return "message data";
    default:
      return "vector control";
  }
}

}  // namespace skiff
