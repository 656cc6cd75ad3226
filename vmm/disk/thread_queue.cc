#include "vmm/disk/thread_queue.h"

#include <cerrno>

#include "vmm/base/error.h"

namespace skiff {

ThreadQueue::ThreadQueue(DiskFile& file, Executor& executor, DiskQueueClient& client)
    : client_(client),
      transfer_(file),
      threads_(file, transfer_, kThreads),
      bells_(executor, client),
      done_watch_(executor.watch(threads_.done().fd(), Readiness::readable, [this] {
        if (threads_.done().consume()) client_.on_disk_wake();
      })) {}

std::unique_ptr<ThreadQueue> ThreadQueue::create(DiskFile& file, Executor& executor,
                                                 DiskQueueClient& client) {
  try {
    auto queue = std::make_unique<ThreadQueue>(file, executor, client);
    if (queue->done_watch_ == nullptr) return nullptr;
    return queue;
  } catch (const HostError&) {  // no descriptor left for the event
    return nullptr;
  }
}

void ThreadQueue::submit(DiskRequest& request) noexcept {
  transfer_.start(request);
  submitted_.push(request);
  ++in_flight_;
}

void ThreadQueue::hand_over() {
  RequestList prepared;
  std::size_t count = 0;
  while (DiskRequest* const request = submitted_.front()) {
    const auto how = transfer_.prepare(*request);
    // In order: who waits for a bounce buffer holds up those behind it.
    if (how == FileTransfer::Prepared::wait) break;
    submitted_.pop();
    if (how == FileTransfer::Prepared::complete) {
      complete(*request);
    } else {
      prepared.push(*request);
      ++count;
    }
  }
  if (count == 0 || threads_.submit(prepared, count)) return;
  while (DiskRequest* const request = prepared.pop()) {
    if (transfer_.finish(*request, -ENOMEM)) complete(*request);
  }
}

void ThreadQueue::finish(RequestList done) {
  while (DiskRequest* const request = done.pop()) {
    if (transfer_.finish(*request, request->backend.result)) {
      complete(*request);
    } else {
      submitted_.push(*request);
    }
  }
}

void ThreadQueue::complete(DiskRequest& request) {
  --in_flight_;
  ++completed_;
  client_.on_disk_complete(request);
}

std::size_t ThreadQueue::advance(std::chrono::nanoseconds /*wait*/,
                                 std::size_t /*wanted*/) noexcept {
  const std::size_t before = completed_;
  hand_over();
  finish(threads_.collect());
  // The next calls of those that need several, and what completions submitted.
  hand_over();
  return completed_ - before;
}

void ThreadQueue::drain() noexcept {
  hand_over();
  while (in_flight_ != 0) {
    finish(threads_.wait());
    hand_over();
  }
}

}  // namespace skiff
