// The frame of a device whose queues are served on one executor: takes an Activation over to the
// executor's thread, watches each queue's kick there, and ends all of it for a reset. What a device
// adds is what to do when a queue was kicked.
//
//   any thread: start(activation)  --post-->  executor: on_start, then on_kick(queue)...
//   any thread: stop(done)         --post-->  executor: on_stop, watches and queues gone, done()
//
// Thread rule: start, stop from any thread, never two at once; everything else on the executor's
// thread. The destructor stops and waits, so it must not run on the executor's thread while that
// thread's loop is needed to finish the work.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "virtio/core/virtio_device.h"
#include "vmm/io/executor.h"

namespace skiff {

class QueueService {
 public:
  // All on the executor's thread.
  struct Handlers {
    std::function<void()> on_start;                   // may be empty
    std::function<void(ActiveQueue& queue)> on_kick;  // also once for each queue after on_start
    std::function<void()> on_stop;                    // before the queues go; may be empty
  };

  QueueService(Executor& executor, Handlers handlers);
  ~QueueService();
  QueueService(const QueueService&) = delete;
  QueueService& operator=(const QueueService&) = delete;

  void start(Activation activation);
  void stop(std::function<void()> done);

  // Executor's thread. Null while not started, and for a queue the driver did not enable.
  ActiveQueue* queue(std::uint16_t index);
  std::uint64_t features() const;
  bool started() const;
  // A broken ring: no queue is watched or served any more until the next start; on_stop is called.
  // The device calls VirtioInterrupts::needs_reset itself.
  void give_up();

  Executor& executor() { return executor_; }

 private:
  struct Running;

  Executor& executor_;
  const Handlers handlers_;
  std::shared_ptr<Running> running_;  // executor's thread
};

}  // namespace skiff
