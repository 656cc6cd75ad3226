// The queue of a file where io_uring is not to be had: blocking calls on a few threads.
// Thread rule: as DiskQueue.
#pragma once

#include <memory>

#include "vmm/disk/disk_threads.h"
#include "vmm/disk/file_transfer.h"
#include "vmm/disk/request_list.h"
#include "vmm/disk/watched_bells.h"

namespace skiff {

class ThreadQueue final : public DiskQueue {
 public:
  // Null where the host refuses what it needs.
  static std::unique_ptr<ThreadQueue> create(DiskFile& file, Executor& executor,
                                             DiskQueueClient& client);

  ThreadQueue(DiskFile& file, Executor& executor, DiskQueueClient& client);  // throws HostError

  void submit(DiskRequest& request) noexcept override;
  using DiskQueue::advance;
  std::size_t advance(std::chrono::nanoseconds wait, std::size_t wanted) noexcept override;
  void drain() noexcept override;
  std::size_t in_flight() const noexcept override { return in_flight_; }
  bool set_bells(std::span<const int> eventfds) override { return bells_.set(eventfds); }
  const char* engine() const noexcept override { return "threads"; }

 private:
  static constexpr unsigned kThreads = 4;

  void hand_over();
  void finish(RequestList done);
  void complete(DiskRequest& request);

  DiskQueueClient& client_;
  FileTransfer transfer_;
  DiskThreads threads_;
  WatchedBells bells_;
  std::unique_ptr<Watch> done_watch_;
  RequestList submitted_;  // started, to be prepared
  std::size_t in_flight_ = 0;
  std::size_t completed_ = 0;  // ever
};

}  // namespace skiff
