// The queue of a file by io_uring(7): requests, their completions and the bells (the driver's
// kicks) all go through one ring, so that one system call hands over a batch, takes what is done
// and waits. Data already in the page cache is there when that call returns.
//
// The executor watches the ring's descriptor only; where it is several threads' in turn, only while
// a turn has left something to the ring, until the executor is woken for what a later turn has
// collected by itself. Completions are made when the thread next calls
// the kernel, not by interrupting it (IORING_SETUP_COOP_TASKRUN, Linux 5.19; older ones interrupt).
//
// Calls that io_uring does not have (BLKDISCARD) are made by a thread, started with the first of
// them.
//
// Not used: registered buffers (they would pin all of the guest's memory), SQPOLL (a kernel thread
// that spins).
//
// Thread rule: as DiskQueue; made on its executor's thread.
#pragma once

#include <liburing.h>

#include <memory>
#include <vector>

#include "vmm/disk/disk_threads.h"
#include "vmm/disk/file_transfer.h"
#include "vmm/disk/request_list.h"

namespace skiff {

class UringQueue final : public DiskQueue {
 public:
  // 0, or the errno with which the host refuses io_uring as such (EPERM, ENOSYS, ...).
  static int probe() noexcept;
  // Null where the host refuses.
  static std::unique_ptr<UringQueue> create(DiskFile& file, Executor& executor,
                                            DiskQueueClient& client, std::uint32_t depth);

  ~UringQueue() override;
  UringQueue(const UringQueue&) = delete;
  UringQueue& operator=(const UringQueue&) = delete;

  void submit(DiskRequest& request) noexcept override;
  using DiskQueue::advance;
  std::size_t advance(std::chrono::nanoseconds wait, std::size_t wanted) noexcept override;
  void end_turn() noexcept override;
  void drain() noexcept override;
  std::size_t in_flight() const noexcept override { return in_flight_; }
  bool has_completions() const noexcept override;
  std::size_t completions() const noexcept override;
  bool set_bells(std::span<const int> eventfds) override;
  const char* engine() const noexcept override { return "io_uring"; }

 private:
  struct Bell {
    int fd;
    bool is_armed;
  };

  UringQueue(DiskFile& file, Executor& executor, DiskQueueClient& client);
  bool open(std::uint32_t depth);
  bool watch_ring();
  void woken();

  void prepare_all();
  void prepare_call(io_uring_sqe& sqe, DiskRequest& request);
  io_uring_sqe* free_sqe();
  bool arm(std::size_t bell);
  void enter(std::chrono::nanoseconds wait, std::size_t wanted);
  bool enter_and_wait();
  // The kernel has completions that it hands over in the next call, or a full ring holds up.
  bool is_call_wanted() const noexcept;
  void reap();
  void finish(DiskRequest& request, std::int64_t result);
  bool open_threads();
  bool is_for_thread(const DiskRequest& request) const;
  void call_by_thread(DiskRequest& request);
  void finish_calls(RequestList done);
  void heard(std::size_t bell, const io_uring_cqe& cqe);
  std::size_t deliver();

  Executor& executor_;
  DiskQueueClient& client_;
  FileTransfer transfer_;
  DiskFile& file_;
  io_uring ring_{};
  bool is_open_ = false;
  bool has_fixed_file_ = false;
  std::unique_ptr<Watch> watch_;
  std::unique_ptr<Timer> retry_;
  std::vector<Bell> bells_;
  std::size_t armed_ = 0;
  bool bells_closing_ = false;
  std::unique_ptr<DiskThreads> threads_;  // of a block device
  std::unique_ptr<Watch> threads_watch_;
  std::size_t by_threads_ = 0;  // requests that they have
  RequestList submitted_;       // started, to be prepared
  RequestList completed_;       // to be told to the client
  std::size_t in_flight_ = 0;
};

}  // namespace skiff
