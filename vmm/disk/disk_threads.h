// A few threads that make blocking calls on a disk's file: all of them on hosts that forbid
// io_uring, elsewhere those that io_uring does not have. Thread rule: submit and collect from one
// thread, the owner's.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

#include "vmm/base/event_fd.h"
#include "vmm/base/mutex.h"
#include "vmm/disk/file_transfer.h"
#include "vmm/disk/request_list.h"

namespace skiff {

class DiskThreads {
 public:
  // At most `threads` are started, each when there is work that nobody takes. `transfer` says the
  // calls; it and `file` outlive this.
  DiskThreads(const DiskFile& file, const FileTransfer& transfer, unsigned threads);
  ~DiskThreads();  // nothing in flight
  DiskThreads(const DiskThreads&) = delete;
  DiskThreads& operator=(const DiskThreads&) = delete;

  // Prepared requests; the list is left empty. False where no thread can be had: the list is as it
  // was.
  [[nodiscard]] bool submit(RequestList& requests, std::size_t count);
  // Requests whose call was made, its result in backend.result.
  RequestList collect();
  // The same, but waits until there is one.
  RequestList wait();

  // Signalled when the first of a batch is done.
  const EventFd& done() const { return done_event_; }

 private:
  void work();
  bool start_thread();

  const DiskFile& file_;
  const FileTransfer& transfer_;
  const unsigned most_threads_;
  EventFd done_event_;
  std::vector<std::thread> threads_;  // the owner's

  Mutex mutex_;
  ConditionVariable work_there_;
  ConditionVariable done_there_;
  RequestList waiting_ SKIFF_GUARDED_BY(mutex_);
  RequestList done_ SKIFF_GUARDED_BY(mutex_);
  std::size_t idle_ SKIFF_GUARDED_BY(mutex_) = 0;
  bool ending_ SKIFF_GUARDED_BY(mutex_) = false;
};

}  // namespace skiff
