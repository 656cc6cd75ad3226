// The PC's 8254 interval timer, and port 0x61 with the gate of its third counter.
//
//   counter 0   OUT -> IRQ 0          gate: always up
//   counter 1   (refresh of memory)   gate: always up
//   counter 2   OUT -> port 0x61, bit 5 (and a speaker that nobody hears)   gate: port 0x61, bit 0
//
// Documents: Intel 82C54 data sheet (231244-006); IBM PC AT Technical Reference (1984), port 0x61.
//
// Modelled: modes 0 to 5, binary and BCD, all access modes, counter latch and read-back commands
// (see pit_counter.h); gate, speaker enable, refresh toggle and OUT of port 0x61. Not modelled:
// sound, NMI.
//
// Time is the host's monotonic clock. A timer runs only while counter 0 is going to raise OUT.
// What a late timer does: all edges that are past become one, and the next comes where it would
// have come anyway: the phase stays, ticks are not made up for, and a machine that stood still gets
// no storm. Periods below 200 us (as in the kernel's model) bring an edge every 200 us.
//
// Bus: counters and control word at offsets 0 to 3 (ports 0x40 to 0x43), port 0x61 at offset 4.
// Config example: machine.irqchip = "user" (or "split"), machine.pit = true.
//
// Thread rule: read and write from any threads at once, the timer on the executor's thread. All
// registers are guarded by mutex_, the timer by timer_mutex_ (taken before mutex_, and held by
// whoever writes counter 0); the wire and the timer are called with mutex_ released.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "devices/timer/pit_counter.h"
#include "vmm/base/log.h"
#include "vmm/base/mutex.h"
#include "vmm/io/executor.h"
#include "vmm/io/io_device.h"
#include "vmm/io/irq_line.h"

namespace skiff {

class Pit8254 final : public IoDevice {
 public:
  static constexpr Clock::Nanoseconds kShortestPeriod = std::chrono::microseconds(200);
  struct State {
    std::array<PitCounter, 3> counters;
    std::uint8_t port_b = 0;
    friend bool operator==(const State&, const State&) = default;
  };

  // `irq` may be null. `clock` and `executor` outlive the device.
  Pit8254(std::string name, IrqSink* irq, const Clock& clock, Executor& executor);

  std::string_view name() const override { return name_; }
  IoStatus read(IoAccess access, std::uint64_t& value) override;
  IoStatus write(IoAccess access, std::uint64_t value) override;
  std::string_view register_name(std::uint64_t offset, bool is_write) const override;

  State state() const SKIFF_EXCLUDES(mutex_);
  std::uint64_t guest_faults() const { return faults_.count(); }

 private:
  using Ticks = PitCounter::Ticks;

  bool check(IoAccess access, IoStatus& status);
  // Ticks of CLK since the device was made, and when one comes on the clock.
  Ticks now() const;
  Clock::Nanoseconds time_of(Ticks tick) const;
  std::uint8_t read_port_b(Ticks now) const SKIFF_REQUIRES(mutex_);
  void write_control(std::uint8_t value, Ticks now) SKIFF_REQUIRES(mutex_);
  void change(std::uint64_t offset, std::uint8_t value, Ticks now) SKIFF_EXCLUDES(mutex_);
  void on_timer() SKIFF_EXCLUDES(mutex_, timer_mutex_);
  // The edge that is waited for, if it is past: a timer that is late must not lose it to a write.
  void serve(Ticks now) SKIFF_REQUIRES(timer_mutex_) SKIFF_EXCLUDES(mutex_);
  // The wire as OUT is.
  void drive() SKIFF_REQUIRES(timer_mutex_) SKIFF_EXCLUDES(mutex_);
  // Waits for the first edge after `since`.
  void arm(Ticks since) SKIFF_REQUIRES(timer_mutex_) SKIFF_EXCLUDES(mutex_);

  const std::string name_;
  const Clock& clock_;
  const Clock::Nanoseconds started_at_;
  mutable Mutex mutex_;
  State state_ SKIFF_GUARDED_BY(mutex_);
  GuestFaultLog faults_;
  IrqLine irq_;
  Mutex timer_mutex_;
  // The edge that is waited for, as a tick; nothing: the timer does not run.
  std::optional<Ticks> awaited_ SKIFF_GUARDED_BY(timer_mutex_);
  Clock::Nanoseconds last_edge_ SKIFF_GUARDED_BY(timer_mutex_){};
  const std::unique_ptr<Timer> timer_;  // the last member: no callback after the first is gone
};

}  // namespace skiff
