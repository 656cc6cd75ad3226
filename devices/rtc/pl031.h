// A PL031 real time clock: seconds since 1970, and one alarm.
//
// Document: ARM DDI 0224 (PrimeCell Real Time Clock (PL031) Technical Reference Manual), r1p3.
// Modelled: all registers. The clock runs from the start (CR.RTCSTART reads 1, and cannot be
// stopped, 3.3.4), from the host's wall clock plus what the guest has set it to.
//
// Thread rule: any thread; state is guarded by mutex_, the wire is driven after it is released. The
// alarm comes on the executor's thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "vmm/base/clock.h"
#include "vmm/base/log.h"
#include "vmm/base/mutex.h"
#include "vmm/io/executor.h"
#include "vmm/io/io_device.h"
#include "vmm/io/irq_line.h"

namespace skiff {

class Pl031 final : public IoDevice {
 public:
  struct State {
    std::uint32_t offset = 0;  // DR less the host's seconds, modulo 2^32
    std::uint32_t match = 0;
    std::uint32_t load = 0;
    bool unmasked = false;  // IMSC
    bool pending = false;   // RIS
    friend bool operator==(const State&, const State&) = default;
  };

  // `irq` may be null. Clock and executor outlive the device.
  Pl031(std::string name, IrqSink* irq, const Clock& clock, Executor& executor);

  std::string_view name() const override { return name_; }
  IoStatus read(IoAccess access, std::uint64_t& value) override;
  IoStatus write(IoAccess access, std::uint64_t value) override;
  std::string_view register_name(std::uint64_t offset, bool is_write) const override;

  State state() const SKIFF_EXCLUDES(mutex_);
  std::uint64_t guest_faults() const { return faults_.count(); }

 private:
  bool check(IoAccess access, IoStatus& status);
  std::uint32_t now() const SKIFF_REQUIRES(mutex_);
  void write_register(std::uint64_t offset, std::uint32_t value) SKIFF_REQUIRES(mutex_);
  void arm() SKIFF_EXCLUDES(mutex_);
  void on_alarm() SKIFF_EXCLUDES(mutex_);
  void sync_irq() SKIFF_EXCLUDES(mutex_);

  const std::string name_;
  const Clock& clock_;
  mutable Mutex mutex_;
  State state_ SKIFF_GUARDED_BY(mutex_);
  GuestFaultLog faults_;
  IrqLine irq_;
  std::unique_ptr<Timer> timer_;  // last: its callback uses all the others
};

}  // namespace skiff
