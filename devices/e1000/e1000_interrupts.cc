#include "devices/e1000/e1000_interrupts.h"

#include <algorithm>
#include <utility>

#include "devices/e1000/e1000_regs.h"

namespace skiff {

using namespace e1000;

E1000Interrupts::E1000Interrupts(Executor& executor, const Clock& clock,
                                 std::function<void()> on_due)
    : clock_(clock), timer_(executor.create_timer([this, on_due = std::move(on_due)] {
        {
          MutexLock lock(mutex_);
          armed_for_ = Clock::Nanoseconds::max();
        }
        on_due();
      })) {}

std::uint32_t E1000Interrupts::read_icr() {
  MutexLock lock(mutex_);
  return std::exchange(icr_, 0);
}

void E1000Interrupts::clear(std::uint32_t causes) {
  MutexLock lock(mutex_);
  icr_ &= ~causes;
}

std::uint32_t E1000Interrupts::mask() const {
  MutexLock lock(mutex_);
  return ims_;
}

void E1000Interrupts::set_mask(std::uint32_t causes) {
  MutexLock lock(mutex_);
  ims_ |= causes & kIntAll;
}

void E1000Interrupts::clear_mask(std::uint32_t causes) {
  MutexLock lock(mutex_);
  ims_ &= ~causes;
}

std::uint32_t E1000Interrupts::throttle() const {
  MutexLock lock(mutex_);
  return itr_;
}

void E1000Interrupts::set_throttle(std::uint32_t value) {
  MutexLock lock(mutex_);
  itr_ = value & 0xffff;
  // A shorter interval counts from now.
  next_rise_ = std::min(next_rise_, clock_.monotonic() + Clock::Nanoseconds(itr_ * kThrottleUnit));
}

void E1000Interrupts::reset() {
  MutexLock lock(mutex_);
  icr_ = 0;
  ims_ = 0;
  itr_ = 0;
  held_ = {};
  next_rise_ = Clock::Nanoseconds(0);
}

void E1000Interrupts::raise(std::uint32_t causes) {
  MutexLock lock(mutex_);
  icr_ |= causes & kIntAll;
}

void E1000Interrupts::raise_later(Delay which, std::uint32_t cause, std::uint32_t packet,
                                  std::uint32_t absolute) {
  MutexLock lock(mutex_);
  const Clock::Nanoseconds now = clock_.monotonic();
  Held& held = held_.at(static_cast<std::size_t>(which));
  if (held.causes == 0) {
    held.latest =
        absolute == 0 ? Clock::Nanoseconds::max() : now + Clock::Nanoseconds(absolute * kDelayUnit);
  }
  held.causes |= cause;
  held.due = std::min(now + Clock::Nanoseconds(packet * kDelayUnit), held.latest);
  wake_at(held.due);
}

void E1000Interrupts::flush() {
  MutexLock lock(mutex_);
  release_held();
}

void E1000Interrupts::release_held() {
  for (Held& held : held_)
    icr_ |= std::exchange(held.causes, 0);
}

// A deadline that moves away costs nothing: the timer finds out when it fires.
void E1000Interrupts::wake_at(Clock::Nanoseconds when) {
  if (when >= armed_for_ || timer_ == nullptr) return;
  armed_for_ = when;
  timer_->arm(when);
}

bool E1000Interrupts::wire_level() {
  MutexLock lock(mutex_);
  const bool holds = held_[0].causes != 0 || held_[1].causes != 0;
  Clock::Nanoseconds now{0};
  if (holds || itr_ != 0) now = clock_.monotonic();
  if (holds) {
    Clock::Nanoseconds next = Clock::Nanoseconds::max();
    for (Held& held : held_) {
      if (held.causes == 0) continue;
      if (held.due <= now) {
        icr_ |= std::exchange(held.causes, 0);
      } else {
        next = std::min(next, held.due);
      }
    }
    if (next != Clock::Nanoseconds::max()) wake_at(next);
  }
  if ((icr_ & ims_) == 0) {
    level_ = false;
    return false;
  }
  if (level_) return true;
  if (itr_ != 0) {
    if (now < next_rise_) {
      wake_at(next_rise_);
      return false;
    }
    next_rise_ = now + Clock::Nanoseconds(itr_ * kThrottleUnit);
  }
  release_held();
  level_ = true;
  ++count_;
  return true;
}

void E1000Interrupts::close() {
  std::unique_ptr<Timer> timer;
  MutexLock lock(mutex_);
  timer.swap(timer_);
}

std::uint64_t E1000Interrupts::count() const {
  MutexLock lock(mutex_);
  return count_;
}

}  // namespace skiff
