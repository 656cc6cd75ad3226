// What a controller's registers and its service on the I/O thread tell each other about the queues:
// the doorbells as the guest wrote them, and who has to be woken.
//
// The service says that it is about to sleep, then looks once more; a vCPU writes a doorbell, then
// looks whether the service sleeps. One of both sees the other (both are sequentially consistent).
// So under load a doorbell costs no system call.
//
// Thread rule: write from any thread; what the service calls from its thread; levels and counters
// from any. No lock.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "vmm/base/event_fd.h"

namespace skiff {

// Written by one thread, read by any.
class NvmeCounter {
 public:
  void add(std::uint64_t more) noexcept {
    value_.store(value_.load(std::memory_order_relaxed) + more, std::memory_order_relaxed);
  }
  std::uint64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

// Those of the submission and the completion queue with one number.
struct alignas(64) NvmeQueueDoorbells {
  std::atomic<std::uint32_t> sq_tail{0};
  std::atomic<std::uint32_t> cq_head{0};
  std::atomic<bool> has_sq{false};
  std::atomic<bool> has_cq{false};
  // For the level of INTx: what was posted, and whether the queue interrupts.
  std::atomic<std::uint32_t> cq_tail{0};
  std::atomic<bool> interrupts{false};
  EventFd kick;  // the service's bell for the submission queue
  NvmeCounter notifications;
  NvmeCounter requests;
  NvmeCounter interrupts_sent;
};

class NvmeDoorbells {
 public:
  // `queues`: pairs, the admin queue's among them. Throws HostError where descriptors run out.
  explicit NvmeDoorbells(std::size_t queues) : queues_(queues) {}

  std::size_t queues() const { return queues_.size(); }
  NvmeQueueDoorbells& queue(std::size_t index) { return queues_[index]; }
  const NvmeQueueDoorbells& queue(std::size_t index) const { return queues_[index]; }

  // The guest wrote the tail of a submission, the head of a completion queue. False: no such queue.
  bool write_tail(std::size_t queue, std::uint32_t value) noexcept {
    NvmeQueueDoorbells& bells = queues_[queue];
    if (!bells.has_sq.load()) return strayed();
    bells.sq_tail.store(value);
    wake(bells);
    return true;
  }
  bool write_head(std::size_t queue, std::uint32_t value) noexcept {
    NvmeQueueDoorbells& bells = queues_[queue];
    if (!bells.has_cq.load()) return strayed();
    bells.cq_head.store(value);
    if (waits_for_room_.load()) wake(queues_[0]);
    return true;
  }

  // The service. fall_asleep: it wants to hear doorbells, and, if it waits for room in a
  // completion queue, those too; it then looks once more.
  void fall_asleep(bool waits_for_room) noexcept {
    waits_for_room_.store(waits_for_room);
    asleep_.store(true);
  }
  void stay_awake() noexcept { asleep_.store(false, std::memory_order_relaxed); }
  // A doorbell of no queue was written since the last call.
  bool has_stray() const noexcept { return stray_.load(); }
  bool take_stray() noexcept { return has_stray() && stray_.exchange(false); }

 private:
  bool strayed() noexcept {
    stray_.store(true);
    wake(queues_[0]);
    return false;
  }
  void wake(const NvmeQueueDoorbells& bells) noexcept {
    if (asleep_.load() && asleep_.exchange(false)) bells.kick.signal();
  }

  std::vector<NvmeQueueDoorbells> queues_;
  std::atomic<bool> asleep_{false};
  std::atomic<bool> waits_for_room_{false};
  std::atomic<bool> stray_{false};
};

}  // namespace skiff
