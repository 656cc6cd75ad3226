#include "virtio/transport/queue_doorbells.h"

#include "vmm/base/log.h"

namespace skiff {

void QueueDoorbells::place(std::optional<std::uint64_t> base) {
  if (registry_ == nullptr) return;
  MutexLock lock(mutex_);
  if (base == base_) return;
  base_ = base;
  attached_.clear();
  attach_all();
}

void QueueDoorbells::open(std::span<const ActiveQueue> queues) {
  if (registry_ == nullptr) return;
  MutexLock lock(mutex_);
  for (const ActiveQueue& queue : queues)
    kicks_.push_back({queue.index, queue.kick});
  attach_all();
}

void QueueDoorbells::close() {
  if (registry_ == nullptr) return;
  MutexLock lock(mutex_);
  attached_.clear();
  kicks_.clear();
}

void QueueDoorbells::attach_all() {
  if (!base_) return;
  for (const Kick& kick : kicks_) {
    auto doorbell = registry_->attach(address_of_(*base_, kick.queue), *kick.event);
    if (doorbell) {
      attached_.push_back(std::move(*doorbell));
    } else {
      // The guest can make this happen again and again by moving its BAR.
      log_debug("notifications of a virtio queue go through user space: {}", doorbell.error());
    }
  }
}

}  // namespace skiff
