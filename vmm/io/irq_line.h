// Interrupt wires. A device holds an IrqLine, which knows no number; behind it is an IrqSink, one
// pin of an interrupt controller (in-kernel chip, user-space chip, vGIC, or a fake in a test).
#pragma once

#include <functional>
#include <utility>

#include "vmm/base/mutex.h"

namespace skiff {

// One input pin. Thread rule: any thread; implementations must not call back into the device.
class IrqSink {
 public:
  virtual ~IrqSink() = default;
  virtual void set_level(bool asserted) noexcept = 0;
  // Calls `handler` (from any thread) each time the guest has ended the interrupt of this pin.
  // A pin that cannot tell does nothing. An empty handler unregisters.
  virtual void set_eoi_handler(std::function<void()> handler) = 0;
};

// A device's end: remembers its level, passes only changes on, lowers itself when destroyed.
//
// A device computes its new state under its own mutex and calls out after unlocking; two threads
// that did so in one order could then drive the wire in the other and leave it wrong for ever.
// `sync` closes that gap: it reads the device's wanted level again under the wire's own mutex, so
// that the last one in always drives the level that is true then. Lock order: the wire's mutex
// before the device's. Never call these with the device's mutex held.
class IrqLine {
 public:
  // `sink` may be null: a wire that leads nowhere (a device configured without an interrupt).
  explicit IrqLine(IrqSink* sink) : sink_(sink) {}
  ~IrqLine() {
    if (has_eoi_handler_) sink_->set_eoi_handler({});
    lower();
  }
  IrqLine(const IrqLine&) = delete;
  IrqLine& operator=(const IrqLine&) = delete;

  void raise() {
    sync([] { return true; });
  }
  void lower() {
    sync([] { return false; });
  }
  // An edge for an edge-triggered pin: up and down again.
  void pulse() {
    MutexLock lock(mutex_);
    if (sink_ == nullptr) return;
    if (!level_) sink_->set_level(true);
    sink_->set_level(false);
    level_ = false;
  }
  // `wanted_level` locks the device's mutex and says what the wire should be now.
  template <typename WantedLevel>
  void sync(WantedLevel wanted_level) {
    MutexLock lock(mutex_);
    const bool level = wanted_level();
    if (level == level_) return;
    level_ = level;
    if (sink_ != nullptr) sink_->set_level(level);
  }
  // By the device's constructor: `handler` is unregistered when the wire is destroyed.
  void on_eoi(std::function<void()> handler) {
    if (sink_ == nullptr) return;
    has_eoi_handler_ = static_cast<bool>(handler);
    sink_->set_eoi_handler(std::move(handler));
  }

 private:
  IrqSink* const sink_;
  bool has_eoi_handler_ = false;  // set-up thread only
  Mutex mutex_;
  bool level_ SKIFF_GUARDED_BY(mutex_) = false;
};

}  // namespace skiff
