// The frame of a device whose queues are served on one executor: takes an Activation over to the
// executor's thread, watches each queue's kick there, and ends all of it for a reset. What a device
// adds is what to do when a queue was kicked.
//
//   any thread: start(activation)  --post-->  executor: on_start, then on_kick(queue)...
//   any thread: stop(done)         --post-->  executor: on_stop, watches and queues gone, done()
//
// A kick allocates nothing and takes no lock. A device makes the service its last member, so that
// it is destroyed first: no handler runs after its destructor has returned.
//
// Thread rule: start, stop and the destructor from any thread, never two at once; post from any
// thread at any time; everything else on the executor's thread. The destructor stops and, on
// another thread than the executor's, waits for that; so unless the service is stopped (stop's done
// was called, or start never was) the executor's loop must still run.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "virtio/core/virtio_device.h"
#include "vmm/io/executor.h"

namespace skiff {

class QueueService {
 public:
  // All on the executor's thread. Those that may be empty are told so.
  struct Handlers {
    std::function<void()> on_start{};                   // may be empty
    std::function<void(ActiveQueue& queue)> on_kick{};  // also once for each queue after on_start
    std::function<void()> on_stop{};                    // before the queues go; may be empty
    // The host refused to watch a kick; the service has given up. May be empty. The device calls
    // VirtioInterrupts::needs_reset, so that the driver does not wait for ever.
    std::function<void(std::string_view why)> on_failure{};
  };

  QueueService(Executor& executor, Handlers handlers);
  ~QueueService();
  QueueService(const QueueService&) = delete;
  QueueService& operator=(const QueueService&) = delete;

  // Not while started: a stop comes between.
  void start(Activation activation);
  // `done` is called once, on the executor's thread; at once, on this one, if nothing was started.
  void stop(std::function<void()> done);
  // Runs `work` on the executor's thread, if the service is started when its turn comes, else drops
  // it. For what reaches the device from elsewhere (input, a configuration change).
  void post(std::function<void()> work);

  // Null while not started, after give_up, and for a queue the driver did not enable. In on_stop
  // the queues are still there.
  ActiveQueue* queue(std::uint16_t index);
  std::uint64_t features() const;  // negotiated; 0 while not started
  bool started() const;
  // A broken ring: no queue is watched or served any more until the next start; on_stop is called.
  // The device calls VirtioInterrupts::needs_reset itself. The queue a handler was called with
  // stays valid until that handler returns.
  void give_up();

  Executor& executor() { return executor_; }

 private:
  struct Running;
  struct Core;

  Executor& executor_;
  // Shared with the work posted, which may come to its turn after the service is gone.
  const std::shared_ptr<Core> core_;
};

}  // namespace skiff
