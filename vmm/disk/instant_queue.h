// A queue whose requests are done as soon as the host is asked: advance makes them all.
// Thread rule: as DiskQueue.
#pragma once

#include <functional>
#include <utility>

#include "vmm/disk/disk_backend.h"
#include "vmm/disk/request_list.h"
#include "vmm/disk/watched_bells.h"

namespace skiff {

class InstantQueue final : public DiskQueue {
 public:
  // 0, or an errno value.
  using Execute = std::function<int(const DiskRequest&)>;

  InstantQueue(Executor& executor, DiskQueueClient& client, const char* engine, Execute execute)
      : client_(client), engine_(engine), execute_(std::move(execute)), bells_(executor, client) {}

  void submit(DiskRequest& request) noexcept override {
    submitted_.push(request);
    ++in_flight_;
  }
  using DiskQueue::advance;
  std::size_t advance(std::chrono::nanoseconds /*wait*/, std::size_t /*wanted*/) noexcept override {
    std::size_t completed = 0;
    while (DiskRequest* const request = submitted_.pop()) {
      request->error = execute_(*request);
      --in_flight_;
      ++completed;
      client_.on_disk_complete(*request);
    }
    return completed;
  }
  void drain() noexcept override { advance(); }
  std::size_t in_flight() const noexcept override { return in_flight_; }
  bool set_bells(std::span<const int> eventfds) override { return bells_.set(eventfds); }
  const char* engine() const noexcept override { return engine_; }

 private:
  DiskQueueClient& client_;
  const char* const engine_;
  const Execute execute_;
  WatchedBells bells_;
  RequestList submitted_;
  std::size_t in_flight_ = 0;
};

}  // namespace skiff
