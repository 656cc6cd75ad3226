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

void Pit8254::change(std::uint64_t offset, std::uint8_t value, Ticks now) {
  MutexLock lock(mutex_);
  if (offset < kCounters) {
    state_.counters[offset].write(value, now);
  } else if (offset == kControl) {
    write_control(value, now);
  } else {
    state_.port_b = value & kPortBKept;
    state_.counters[2].set_gate((value & kGate2) != 0, now);
  }
}

IoStatus Pit8254::write(IoAccess access, std::uint64_t value) {
  IoStatus status;
  if (!check(access, status)) return status;
  const auto byte = static_cast<std::uint8_t>(value);
  const bool is_counter_0 =
      access.offset == 0 || (access.offset == kControl && byte >> kSelectShift == 0);
  if (!is_counter_0) {
    change(access.offset, byte, now());
    return status;
  }
  MutexLock lock(timer_mutex_);
  const Ticks tick = now();
  serve(tick);
  change(access.offset, byte, tick);
  drive();
  arm(tick);
  return status;
}

void Pit8254::drive() {
  irq_.sync([this] {
    const Ticks tick = now();
    MutexLock lock(mutex_);
    return state_.counters[0].out(tick);
  });
}

// From `since` on, and not from now: a short count can be over before this thread gets here.
void Pit8254::arm(Ticks since) {
  std::optional<Ticks> next;
  bool is_periodic = false;
  {
    MutexLock lock(mutex_);
    next = state_.counters[0].next_rise(since);
    is_periodic = state_.counters[0].is_periodic();
  }
  if (next == awaited_) return;
  awaited_ = next;
  if (!next) return timer_->cancel();
  const Clock::Nanoseconds due = time_of(*next);
  timer_->arm(is_periodic ? std::max(due, last_edge_ + kShortestPeriod) : due);
}

void Pit8254::serve(Ticks now) {
  if (!awaited_ || now < *awaited_) return;
  awaited_.reset();
  last_edge_ = clock_.monotonic();
  // An OUT that has been up since the edge before was low for a moment.
  irq_.lower();
  irq_.raise();
  drive();
}

// A call that was under way when the timer was armed anew finds nothing due.
void Pit8254::on_timer() {
  MutexLock lock(timer_mutex_);
  const Ticks tick = now();
  serve(tick);
  arm(tick);
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
