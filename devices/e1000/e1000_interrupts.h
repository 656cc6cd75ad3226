// The card's interrupt: causes, mask, and when it may come.
//
//   raise        -> ICR at once
//   raise_later  -> held until its timers say so: a packet timer, which each further event starts
//                   again, and an absolute one, which none does (RDTR/RADV, TIDV/TADV)
//   ITR          -> the wire rises no sooner than so long after it last rose
//
// What is held comes along with an interrupt that is due anyway.
//
// Thread rule: any thread. wire_level may be called under the wire's mutex (IrqLine); it arms the
// timer where the level has to be looked at again.
// Source: manual, 3.2.7, 3.4.3 (timers), 13.4.17 to 13.4.21.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include "vmm/base/clock.h"
#include "vmm/base/mutex.h"
#include "vmm/io/executor.h"

namespace skiff {

class E1000Interrupts {
 public:
  enum class Delay : std::uint8_t { receive, transmit };

  // `on_due` on the executor's thread: ask for the level again.
  E1000Interrupts(Executor& executor, const Clock& clock, std::function<void()> on_due);

  std::uint32_t read_icr();  // and clears it
  void clear(std::uint32_t causes);
  std::uint32_t mask() const;
  void set_mask(std::uint32_t causes);
  void clear_mask(std::uint32_t causes);
  std::uint32_t throttle() const;
  void set_throttle(std::uint32_t value);
  void reset();

  void raise(std::uint32_t causes);
  // `packet`, `absolute`: in units of kDelayUnit; an absolute one of 0 is none.
  void raise_later(Delay which, std::uint32_t cause, std::uint32_t packet, std::uint32_t absolute);
  // All that is held comes now.
  void flush();
  bool wire_level();
  // The end of its timer; the executor's thread, or while that does not run.
  void close();
  // How often the wire rose.
  std::uint64_t count() const;

 private:
  struct Held {
    std::uint32_t causes = 0;
    Clock::Nanoseconds due{0};
    Clock::Nanoseconds latest{0};  // with an absolute timer; else max
  };

  void release_held() SKIFF_REQUIRES(mutex_);
  void wake_at(Clock::Nanoseconds when) SKIFF_REQUIRES(mutex_);

  const Clock& clock_;
  mutable Mutex mutex_;
  std::unique_ptr<Timer> timer_ SKIFF_GUARDED_BY(mutex_);
  std::uint32_t icr_ SKIFF_GUARDED_BY(mutex_) = 0;
  std::uint32_t ims_ SKIFF_GUARDED_BY(mutex_) = 0;
  std::uint32_t itr_ SKIFF_GUARDED_BY(mutex_) = 0;
  std::array<Held, 2> held_ SKIFF_GUARDED_BY(mutex_){};  // by Delay
  bool level_ SKIFF_GUARDED_BY(mutex_) = false;
  Clock::Nanoseconds next_rise_ SKIFF_GUARDED_BY(mutex_){0};
  Clock::Nanoseconds armed_for_ SKIFF_GUARDED_BY(mutex_) = Clock::Nanoseconds::max();
  std::uint64_t count_ SKIFF_GUARDED_BY(mutex_) = 0;
};

}  // namespace skiff
