#include "devices/timer/pit_8254.h"

#include <algorithm>
#include <utility>

#include "devices/timer/pit_regs.h"

namespace skiff {

using namespace pit;

namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;  // [ns]

}  // namespace

Pit8254::Pit8254(std::string name, IrqSink* irq, const Clock& clock, Executor& executor)
    : name_(std::move(name)),
      clock_(clock),
      started_at_(clock.monotonic()),
      faults_(name_),
      irq_(irq),
      last_edge_(started_at_ - kShortestPeriod),
      timer_(executor.create_timer([this] { on_timer(); })) {
  MutexLock lock(mutex_);
  state_.counters[2].set_gate(false, 0);
}

PitCounter::Ticks Pit8254::now() const {
  const auto passed = static_cast<std::uint64_t>((clock_.monotonic() - started_at_).count());
  return passed / kSecond * kFrequency + passed % kSecond * kFrequency / kSecond;
}

// Rounded up: at that time now() has reached the tick.
Clock::Nanoseconds Pit8254::time_of(Ticks tick) const {
  const std::uint64_t part = (tick % kFrequency * kSecond + kFrequency - 1) / kFrequency;
  return started_at_ + Clock::Nanoseconds(tick / kFrequency * kSecond + part);
}

bool Pit8254::check(IoAccess access, IoStatus& status) {
  status = IoStatus::ok;
  if (access.offset >= kRegisters) {
    status = IoStatus::no_such_register;
  } else if (access.width != 1) {
    status = IoStatus::bad_width;
    faults_.report("access of {} bytes to an 8-bit port", access.width);
  }
  return status == IoStatus::ok;
}

std::uint8_t Pit8254::read_port_b(Ticks now) const {
  const auto refresh = static_cast<unsigned>(now / kRefreshTicks & 1);
  return static_cast<std::uint8_t>(state_.port_b | refresh << kRefreshShift |
                                   (state_.counters[2].out(now) ? kOut2 : 0U));
}

IoStatus Pit8254::read(IoAccess access, std::uint64_t& value) {
  IoStatus status;
  if (!check(access, status)) return status;
  const Ticks tick = now();
  MutexLock lock(mutex_);
  if (access.offset < kCounters) {
    value = state_.counters[access.offset].read(tick);
  } else if (access.offset == kPortB) {
    value = read_port_b(tick);
  } else {
    value = 0xff;  // the control word is write-only: nobody drives the bus
  }
  return status;
}

void Pit8254::write_control(std::uint8_t value, Ticks now) {
  const unsigned selected = value >> kSelectShift;
  if (selected == kReadBack) {
    for (unsigned i = 0; i < kCounters; ++i) {
      if ((value >> (kReadBackFirstCounter + i) & 1) == 0) continue;
      if ((value & kReadBackNoCount) == 0) state_.counters[i].latch_count(now);
      if ((value & kReadBackNoStatus) == 0) state_.counters[i].latch_status(now);
    }
    return;
  }
  PitCounter& counter = state_.counters[selected];
  if ((value >> kAccessShift & kAccessMask) == kLatch) {
    counter.latch_count(now);
  } else {
    counter.set_mode(value, now);
  }
}

IoStatus Pit8254::write(IoAccess access, std::uint64_t value) {
  IoStatus status;
  if (!check(access, status)) return status;
  const auto byte = static_cast<std::uint8_t>(value);
  bool is_counter_0 = false;
  {
    const Ticks tick = now();
    MutexLock lock(mutex_);
    if (access.offset < kCounters) {
      state_.counters[access.offset].write(byte, tick);
      is_counter_0 = access.offset == 0;
    } else if (access.offset == kControl) {
      write_control(byte, tick);
      is_counter_0 = byte >> kSelectShift == 0;
    } else {
      state_.port_b = byte & kPortBKept;
      state_.counters[2].set_gate((byte & kGate2) != 0, tick);
    }
  }
  if (is_counter_0) act();
  return status;
}

void Pit8254::drive() {
  irq_.sync([this] {
    const Ticks tick = now();
    MutexLock lock(mutex_);
    return state_.counters[0].out(tick);
  });
}

void Pit8254::arm() {
  std::optional<Ticks> next;
  bool is_periodic = false;
  {
    const Ticks tick = now();
    MutexLock lock(mutex_);
    next = state_.counters[0].next_rise(tick);
    is_periodic = state_.counters[0].is_periodic();
  }
  if (next == awaited_) return;
  awaited_ = next;
  if (!next) return timer_->cancel();
  const Clock::Nanoseconds due = time_of(*next);
  timer_->arm(is_periodic ? std::max(due, last_edge_ + kShortestPeriod) : due);
}

void Pit8254::act() {
  MutexLock lock(timer_mutex_);
  drive();
  arm();
}

void Pit8254::on_timer() {
  MutexLock lock(timer_mutex_);
  // A call that was under way when the timer was armed anew finds nothing due.
  if (awaited_ && now() >= *awaited_) {
    awaited_.reset();
    last_edge_ = clock_.monotonic();
    // An OUT that has been up since the edge before was low for a moment.
    irq_.lower();
    irq_.raise();
    drive();
  }
  arm();
}

Pit8254::State Pit8254::state() const {
  MutexLock lock(mutex_);
  return state_;
}

std::string_view Pit8254::register_name(std::uint64_t offset, bool is_write) const {
  switch (offset) {
    case 0:
      return "counter 0";
    case 1:
      return "counter 1";
    case 2:
      return "counter 2";
    case kControl:
      return is_write ? "control word" : "control word (write-only)";
    case kPortB:
      return "system control port B";
    default:
      return {};
  }
}

}  // namespace skiff
