// The PC's real-time clock and CMOS RAM.
//
// Document: Motorola MC146818 data sheet (1984); IBM PC AT Technical Reference (1984) for the use
// of the RAM; the century stands in register 0x32, as the FADT says.
//
// Modelled: index and data port with the NMI mask, time in BCD or binary and 12 or 24 hours,
// setting the time (SET and divider reset stop the clock; half a second after the divider is
// released comes the first update), alarm, update-ended and periodic interrupts, 128 bytes of RAM
// with the memory sizes that firmware leaves there, and their checksum. Not modelled: daylight
// saving (the bit is kept), the square-wave pin, other crystals (every divider but reset counts
// as 32.768 kHz), a day of week that disagrees with the date, NMI (the bit is kept).
//
// The time is the host's UTC plus what the guest has set. Flags are computed when they are looked
// at; a timer runs only while an enabled interrupt is not already pending, so a guest that does not
// read register C costs nothing, whatever rate it has asked for.
//
// Config example: none, every PC has one (vmm/board).
//
// Thread rule: read and write from any threads at once, the timer on the executor's thread. All
// registers are guarded by mutex_, the timer by timer_mutex_ (taken before mutex_); the wire and
// the timer are called with mutex_ released.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>

#include "devices/rtc/rtc_calendar.h"
#include "vmm/base/log.h"
#include "vmm/base/mutex.h"
#include "vmm/io/executor.h"
#include "vmm/io/io_device.h"
#include "vmm/io/irq_line.h"

namespace skiff {

// RAM as the board lays it out [bytes]: what ends up in the CMOS memory-size bytes.
struct CmosMemorySizes {
  std::uint64_t below_4g = 0;
  std::uint64_t above_4g = 0;
};

class CmosRtc final : public IoDevice {
 public:
  struct State {
    std::uint8_t index = 0;
    bool nmi_disabled = false;
    // Registers A to C, alarms and RAM; the time registers only while the clock is stopped.
    std::array<std::uint8_t, 128> ram{};
    std::int64_t offset_seconds = 0;  // the guest's time minus the host's
    std::int64_t phase = 0;           // the guest's seconds begin this much early [ns, below 1e9]
    std::int64_t seen_second = 0;     // up to which UF and AF are computed
    std::int64_t seen_tick = 0;       // up to which PF is computed
    friend bool operator==(const State&, const State&) = default;
  };

  // `irq` may be null. `clock` and `executor` outlive the device.
  CmosRtc(std::string name, IrqSink* irq, const Clock& clock, Executor& executor,
          CmosMemorySizes memory);

  std::string_view name() const override { return name_; }
  IoStatus read(IoAccess access, std::uint64_t& value) override;
  IoStatus write(IoAccess access, std::uint64_t value) override;
  std::string_view register_name(std::uint64_t offset, bool is_write) const override;

  State state() const SKIFF_EXCLUDES(mutex_);
  void restore(const State& state) SKIFF_EXCLUDES(mutex_);
  // RESET# pin: interrupts off, flags cleared; time and RAM are the battery's.
  void reset() SKIFF_EXCLUDES(mutex_);
  std::uint64_t guest_faults() const { return faults_.count(); }

 private:
  struct GuestTime {
    std::int64_t second;
    std::int64_t nanoseconds;
  };

  bool check(IoAccess access, IoStatus& status);
  std::uint8_t read_data() SKIFF_REQUIRES(mutex_);
  void write_data(std::uint8_t value) SKIFF_REQUIRES(mutex_);
  void write_time(std::uint8_t index, std::uint8_t value) SKIFF_REQUIRES(mutex_);
  void write_control(std::uint8_t index, std::uint8_t value) SKIFF_REQUIRES(mutex_);

  RtcFormat format() const SKIFF_REQUIRES(mutex_);
  RtcAlarm alarm() const SKIFF_REQUIRES(mutex_);
  bool divider_in_reset() const SKIFF_REQUIRES(mutex_);
  bool stopped() const SKIFF_REQUIRES(mutex_);
  bool irq_flag() const SKIFF_REQUIRES(mutex_);
  std::int64_t periodic_frequency() const SKIFF_REQUIRES(mutex_);
  std::int64_t periodic_tick() const SKIFF_REQUIRES(mutex_);
  GuestTime guest_time() const SKIFF_REQUIRES(mutex_);
  void latch_time() SKIFF_REQUIRES(mutex_);
  void set_time_from_latch() SKIFF_REQUIRES(mutex_);
  void catch_up() SKIFF_REQUIRES(mutex_);
  std::optional<Clock::Nanoseconds> next_deadline() const SKIFF_REQUIRES(mutex_);
  void on_timer() SKIFF_EXCLUDES(mutex_);
  void act() SKIFF_EXCLUDES(mutex_);

  const std::string name_;
  const Clock& clock_;
  mutable Mutex mutex_;
  State state_ SKIFF_GUARDED_BY(mutex_);
  GuestFaultLog faults_;
  IrqLine irq_;
  Mutex timer_mutex_;
  bool armed_ SKIFF_GUARDED_BY(timer_mutex_) = false;
  const std::unique_ptr<Timer> timer_;  // the last member: no callback after the first is gone
};

}  // namespace skiff
