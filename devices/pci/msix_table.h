// MSI-X (PCI 3.0, 6.8.2): the vector table and the pending bits of one function, as they are seen
// in a BAR, and the decision whether an interrupt goes out now, waits, or is not MSI-X's.
//
// Layout as a device: the table at offset 0 (16 bytes a vector), the pending bit array at
// pba_offset(), size() bytes in all, a power of two: a BAR of its own, or a part of one.
// Registers answer aligned 4- and 8-byte accesses (6.8.2: others are undefined; here they are
// refused). Writes to the pending bits are dropped.
//
// Not modelled: the bus-master bit does not hold messages back.
//
// Thread rule: any thread. trigger() takes no lock and allocates nothing. A message that races with
// the guest masking its vector may still arrive, as on a real bus.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "vmm/base/log.h"
#include "vmm/base/mutex.h"
#include "vmm/io/io_device.h"
#include "vmm/io/msi.h"

namespace skiff {

class MsixTable final : public IoDevice {
 public:
  static constexpr unsigned kMaxVectors = 2048;

  // `vectors`: 1 to 2048. `sink` must outlive this object.
  MsixTable(std::string_view name, unsigned vectors, MsiSink& sink);
  ~MsixTable() override;

  unsigned vectors() const { return static_cast<unsigned>(vectors_.size()); }
  std::uint64_t pba_offset() const;
  std::uint64_t size() const;

  // Who sends; set by the bus before the machine starts (MsiMessage::device_id).
  void set_requester_id(std::uint32_t id);

  // Interrupts with that vector: now, or when the guest unmasks it. False if MSI-X is not enabled
  // (the function then uses its wire) or there is no such vector (a number the guest chose).
  bool trigger(unsigned vector) noexcept;

  // Message control of the capability, after each of its writes.
  void set_control(std::uint16_t control);
  bool enabled() const { return enabled_.load(std::memory_order_relaxed); }

  // All vectors masked, messages zero, nothing pending, MSI-X disabled.
  void reset();

  std::string_view name() const override { return name_; }
  IoStatus read(IoAccess access, std::uint64_t& value) override;
  IoStatus write(IoAccess access, std::uint64_t value) override;
  std::string_view register_name(std::uint64_t offset, bool is_write) const override;

  // Guest faults and routes the host refused.
  std::uint64_t faults() const { return faults_.count(); }

 private:
  enum class Delivery : std::uint8_t { off, masked, live };
  struct Entry {  // 6.8.2.6 to 6.8.2.9
    std::uint32_t address_low = 0;
    std::uint32_t address_high = 0;
    std::uint32_t data = 0;
    std::uint32_t control = 1;  // bit 0: masked
  };
  struct Vector {
    std::unique_ptr<MsiVector> msi;
    std::atomic<Delivery> delivery{Delivery::off};
    std::atomic<bool> pending{false};
    MsiMessage routed{};  // what msi was last told; guarded by route_mutex_
  };

  IoStatus check(IoAccess access) const;
  std::uint32_t read_register(std::uint64_t offset) const SKIFF_REQUIRES(mutex_);
  void sync(unsigned vector) SKIFF_REQUIRES(route_mutex_) SKIFF_EXCLUDES(mutex_);
  void sync_all() SKIFF_EXCLUDES(mutex_, route_mutex_);
  void deliver_pending(Vector& vector) noexcept;

  const std::string name_;
  GuestFaultLog faults_;
  std::vector<Vector> vectors_;
  std::atomic<bool> enabled_{false};

  // Routes are set under a mutex of their own, taken before mutex_: each change then ends with what
  // the registers say last, and no system call is made under mutex_ (compare IrqLine::sync).
  Mutex route_mutex_;
  mutable Mutex mutex_;
  std::vector<Entry> entries_ SKIFF_GUARDED_BY(mutex_);
  std::uint16_t control_ SKIFF_GUARDED_BY(mutex_) = 0;
  std::uint32_t requester_id_ SKIFF_GUARDED_BY(mutex_) = 0;
};

}  // namespace skiff
