#include "virtio/core/queue_service.h"

#include <atomic>
#include <cstddef>
#include <latch>
#include <utility>
#include <vector>

#include "vmm/base/log.h"

namespace skiff {

// Between a start and its stop. Kept alive by a handler that runs in it (give_up).
struct QueueService::Running {
  explicit Running(Activation given) : activation(std::move(given)) {
    for (ActiveQueue& queue : activation.queues) {
      if (by_index.size() <= queue.index) by_index.resize(std::size_t{queue.index} + 1);
      by_index[queue.index] = &queue;
    }
  }

  Activation activation;
  std::vector<ActiveQueue*> by_index;
  std::vector<std::unique_ptr<Watch>> watches;
};

// Executor's thread, except for `idle`.
struct QueueService::Core {
  explicit Core(Handlers given) : handlers(std::move(given)) {}

  void begin(Executor& executor, const std::shared_ptr<Core>& self, Activation activation);
  void kicked(ActiveQueue& queue);
  void end();

  const Handlers handlers;
  std::shared_ptr<Running> running;
  bool ending = false;           // in on_stop, which may call give_up
  bool closed = false;           // the service is gone, and the handlers' device with it
  std::atomic<bool> idle{true};  // nothing runs, and no start or stop is on its way
};

void QueueService::Core::begin(Executor& executor, const std::shared_ptr<Core>& self,
                               Activation activation) {
  if (closed) return;
  const auto started = std::make_shared<Running>(std::move(activation));
  running = started;
  if (handlers.on_start) handlers.on_start();
  for (ActiveQueue& queue : started->activation.queues) {
    // A handler of an earlier round may have given up.
    if (running != started) return;
    auto watch = executor.watch(queue.kick->fd(), Readiness::readable,
                                [self, &queue] { self->kicked(queue); });
    if (watch == nullptr) {
      log_error("cannot wait for the notifications of virtio queue {}", queue.index);
      end();
      if (handlers.on_failure) handlers.on_failure("the host cannot wait for its notifications");
      return;
    }
    started->watches.push_back(std::move(watch));
  }
  // What the driver made available before it set DRIVER_OK, whether it notified or not.
  for (ActiveQueue& queue : started->activation.queues) {
    if (running != started) return;
    handlers.on_kick(queue);
  }
}

void QueueService::Core::kicked(ActiveQueue& queue) {
  const std::shared_ptr<Running> keep = running;
  if (keep == nullptr) return;
  // Before the ring is looked at: a notification that comes meanwhile is a new one.
  queue.kick->consume();
  queue.count_kick();
  handlers.on_kick(queue);
}

void QueueService::Core::end() {
  if (running == nullptr || ending) return;
  ending = true;
  if (handlers.on_stop) handlers.on_stop();
  ending = false;
  running->watches.clear();
  running.reset();
}

QueueService::QueueService(Executor& executor, Handlers handlers)
    : executor_(executor), core_(std::make_shared<Core>(std::move(handlers))) {}

QueueService::~QueueService() {
  // Posted work that is left finds nothing running, and by `closed` no service either.
  if (executor_.runs_here()) {
    core_->end();
    core_->closed = true;
    return;
  }
  if (core_->idle.load()) return;
  std::latch ended(1);
  executor_.post([core = core_, &ended] {
    core->end();
    core->closed = true;
    ended.count_down();
  });
  ended.wait();
}

void QueueService::start(Activation activation) {
  core_->idle.store(false);
  // std::function wants what can be copied; an Activation cannot.
  auto given = std::make_shared<Activation>(std::move(activation));
  executor_.post([core = core_, &executor = executor_, given = std::move(given)] {
    core->begin(executor, core, std::move(*given));
  });
}

void QueueService::stop(std::function<void()> done) {
  if (core_->idle.load()) {
    if (done) done();
    return;
  }
  executor_.post([core = core_, done = std::move(done)] {
    core->end();
    core->idle.store(true);
    if (done) done();
  });
}

void QueueService::post(std::function<void()> work) {
  executor_.post([core = core_, work = std::move(work)] {
    if (core->running != nullptr) work();
  });
}

ActiveQueue* QueueService::queue(std::uint16_t index) {
  const Running* running = core_->running.get();
  if (running == nullptr || index >= running->by_index.size()) return nullptr;
  return running->by_index[index];
}

std::uint64_t QueueService::features() const {
  return core_->running == nullptr ? 0 : core_->running->activation.features;
}

bool QueueService::started() const {
  return core_->running != nullptr;
}

void QueueService::give_up() {
  core_->end();
}

}  // namespace skiff
