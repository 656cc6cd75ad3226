// INTR: a wire from the 8259 pair's INT to the thread of a vCPU.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <utility>

#include "devices/intc/pic_pair.h"
#include "vmm/base/mutex.h"
#include "vmm/io/irq_line.h"
#include "vmm/io/processor_interrupts.h"

namespace skiff {

// The level is what the pair drove last. Made before the pair, which lowers it when it is
// destroyed. Thread rule: any thread. The listener is called with this wire's mutex held and none
// of a device's state.
class IntrWire final : public IrqSink, public ExternalInterrupt {
 public:
  explicit IntrWire(PicPair& pic) : pic_(pic) {}

  void set_level(bool asserted) noexcept override {
    level_.store(asserted);
    if (!asserted) return;
    MutexLock lock(mutex_);
    if (listener_) listener_();
  }
  void set_eoi_handler(std::function<void()> /*handler*/) override {}

  bool asserted() const noexcept override { return level_.load(); }
  std::uint8_t acknowledge() noexcept override { return pic_.acknowledge(); }
  void set_listener(std::function<void()> listener) override {
    MutexLock lock(mutex_);
    listener_ = std::move(listener);
  }

 private:
  PicPair& pic_;
  std::atomic<bool> level_{false};
  Mutex mutex_;
  std::function<void()> listener_ SKIFF_GUARDED_BY(mutex_);
};

}  // namespace skiff
