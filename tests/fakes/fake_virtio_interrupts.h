// A transport's half that counts what a device told the driver.
// Thread rule: any thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "virtio/core/virtio_device.h"
#include "vmm/base/mutex.h"

namespace skiff {

class FakeVirtioInterrupts final : public VirtioInterrupts {
 public:
  void signal_queue(std::uint16_t queue) noexcept override {
    MutexLock lock(mutex_);
    ++queues_[queue];
  }
  void signal_config() noexcept override {
    MutexLock lock(mutex_);
    ++config_;
  }
  void needs_reset(std::string_view why) noexcept override {
    MutexLock lock(mutex_);
    ++needs_reset_;
    why_ = why;
  }

  int of_queue(std::uint16_t queue) const {
    MutexLock lock(mutex_);
    const auto found = queues_.find(queue);
    return found == queues_.end() ? 0 : found->second;
  }
  int of_config() const {
    MutexLock lock(mutex_);
    return config_;
  }
  int needs_reset() const {
    MutexLock lock(mutex_);
    return needs_reset_;
  }
  // What the last needs_reset said.
  std::string why() const {
    MutexLock lock(mutex_);
    return why_;
  }

 private:
  mutable Mutex mutex_;
  std::map<std::uint16_t, int> queues_ SKIFF_GUARDED_BY(mutex_);
  int config_ SKIFF_GUARDED_BY(mutex_) = 0;
  int needs_reset_ SKIFF_GUARDED_BY(mutex_) = 0;
  std::string why_ SKIFF_GUARDED_BY(mutex_);
};

}  // namespace skiff
