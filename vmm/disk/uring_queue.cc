#include "vmm/disk/uring_queue.h"

#include <poll.h>

#include <algorithm>
#include <bit>
#include <cerrno>

#include "vmm/base/error.h"
#include "vmm/base/log.h"

namespace skiff {
namespace {

// What a completion belongs to, in the low bits of its user_data: a request's address has none.
constexpr std::uint64_t kTagMask = 3;
constexpr std::uint64_t kBellTag = 1;    // index << 2
constexpr std::uint64_t kNobodyTag = 2;  // the result of taking a bell away

constexpr std::uint32_t kMinEntries = 8;
constexpr std::uint32_t kMaxEntries = 256;  // a larger batch takes several calls
constexpr std::uint32_t kMaxCompletions = 4096;
constexpr std::chrono::milliseconds kRetry{1};  // what the host has refused for now

// Tried in this order: Linux 6.0, 5.19, any; only the last where several threads call in turn,
// since completions must not wait there for the one that submitted to call again. Not
// IORING_SETUP_DEFER_TASKRUN: since Linux 6.3 such a ring does not wake who polls its descriptor,
// as an executor does, for work that is only deferred.
constexpr unsigned kSetups[] = {
    IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG |
        IORING_SETUP_SUBMIT_ALL,
    IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_SUBMIT_ALL,
    0,
};

}  // namespace

int UringQueue::probe() noexcept {
  io_uring ring{};
  const int result = ::io_uring_queue_init(1, &ring, 0);
  if (result < 0) return -result;
  ::io_uring_queue_exit(&ring);
  return 0;
}

std::unique_ptr<UringQueue> UringQueue::create(DiskFile& file, Executor& executor,
                                               DiskQueueClient& client, std::uint32_t depth) {
  std::unique_ptr<UringQueue> queue(new UringQueue(file, executor, client));
  if (!queue->open(depth)) return nullptr;
  return queue;
}

UringQueue::UringQueue(DiskFile& file, Executor& executor, DiskQueueClient& client)
    : executor_(executor), client_(client), transfer_(file), file_(file) {}

UringQueue::~UringQueue() {
  watch_.reset();
  threads_watch_.reset();
  if (is_open_) ::io_uring_queue_exit(&ring_);
}

bool UringQueue::open(std::uint32_t depth) {
  const std::uint32_t entries = std::bit_ceil(std::clamp(depth, kMinEntries, kMaxEntries));
  int result = -EINVAL;
  const std::span setups = std::span(kSetups).subspan(executor_.has_one_thread() ? 0 : 2);
  for (const unsigned setup : setups) {
    io_uring_params params{};
    params.flags = setup | IORING_SETUP_CQSIZE;
    params.cq_entries = std::bit_ceil(
        std::clamp(2 * std::min(depth, kMaxCompletions), 2 * entries, kMaxCompletions));
    result = ::io_uring_queue_init_params(entries, &ring_, &params);
    if (result != -EINVAL) break;
  }
  if (result < 0) return false;
  is_open_ = true;
  // Saves the reference count of each request's file; works without.
  has_fixed_file_ = ::io_uring_register_files(&ring_, &file_.fd, 1) == 0;
  retry_ = executor_.create_timer([this] { client_.on_disk_wake(); });
  if (executor_.has_one_thread() && !watch_ring()) return false;
  return !file_.is_block_device || open_threads();
}

bool UringQueue::watch_ring() {
  if (watch_ == nullptr) {
    watch_ = executor_.watch(ring_.ring_fd, Readiness::readable, [this] { woken(); });
  }
  return watch_ != nullptr;
}

void UringQueue::end_turn() noexcept {
  if (in_flight_ == by_threads_ || watch_ring()) return;
  // No descriptor is left: it is looked at again and again.
  retry_->arm(std::chrono::steady_clock::now().time_since_epoch() + kRetry);
}

void UringQueue::woken() {
  const bool is_in_vain = in_flight_ == 0 && bells_.empty() && !has_completions();
  if (executor_.has_one_thread() || !is_in_vain) return client_.on_disk_wake();
  watch_.reset();
}

bool UringQueue::open_threads() {
  try {
    threads_ = std::make_unique<DiskThreads>(file_, transfer_, 1);
  } catch (const HostError&) {  // no descriptor left for the event
    return false;
  }
  threads_watch_ = executor_.watch(threads_->done().fd(), Readiness::readable, [this] {
    if (threads_->done().consume()) client_.on_disk_wake();
  });
  return threads_watch_ != nullptr;
}

bool UringQueue::is_for_thread(const DiskRequest& request) const {
  return request.operation == DiskOperation::discard &&
         transfer_.call(request).kind == HostCall::Kind::discard;
}

void UringQueue::call_by_thread(DiskRequest& request) {
  RequestList one;
  one.push(request);
  if (!threads_->submit(one, 1)) return finish(request, -ENOMEM);
  ++by_threads_;
}

void UringQueue::finish_calls(RequestList done) {
  while (DiskRequest* const request = done.pop()) {
    --by_threads_;
    finish(*request, request->backend.result);
  }
}

// The host's call has its result; there may be another one to make.
void UringQueue::finish(DiskRequest& request, std::int64_t result) {
  (transfer_.finish(request, result) ? completed_ : submitted_).push(request);
}

void UringQueue::submit(DiskRequest& request) noexcept {
  transfer_.start(request);
  submitted_.push(request);
  ++in_flight_;
}

io_uring_sqe* UringQueue::free_sqe() {
  io_uring_sqe* const sqe = ::io_uring_get_sqe(&ring_);
  if (sqe != nullptr) return sqe;
  ::io_uring_submit(&ring_);
  return ::io_uring_get_sqe(&ring_);
}

void UringQueue::prepare_all() {
  while (DiskRequest* const request = submitted_.front()) {
    const auto how = transfer_.prepare(*request);
    // In order: who waits for a bounce buffer holds up those behind it.
    if (how == FileTransfer::Prepared::wait) return;
    if (how == FileTransfer::Prepared::ready && is_for_thread(*request)) {
      submitted_.pop();
      call_by_thread(*request);
    } else if (how == FileTransfer::Prepared::ready) {
      io_uring_sqe* const sqe = free_sqe();
      if (sqe == nullptr) return;  // the host takes nothing now; enter tries again
      submitted_.pop();
      prepare_call(*sqe, *request);
    } else {
      submitted_.pop();
      completed_.push(*request);
    }
  }
}

void UringQueue::prepare_call(io_uring_sqe& sqe, DiskRequest& request) {
  const HostCall call = transfer_.call(request);
  const int fd = has_fixed_file_ ? 0 : file_.fd;
  const auto count = static_cast<unsigned>(call.buffers.size());
  const bool is_single = count == 1 && call.buffers.front().iov_len <= INT_MAX;
  switch (call.kind) {
    case HostCall::Kind::readv:
      if (is_single) {
        ::io_uring_prep_read(&sqe, fd, call.buffers.front().iov_base,
                             static_cast<unsigned>(call.buffers.front().iov_len), call.offset);
      } else {
        ::io_uring_prep_readv(&sqe, fd, call.buffers.data(), count, call.offset);
      }
      break;
    case HostCall::Kind::writev:
      if (is_single) {
        ::io_uring_prep_write(&sqe, fd, call.buffers.front().iov_base,
                              static_cast<unsigned>(call.buffers.front().iov_len), call.offset);
      } else {
        ::io_uring_prep_writev(&sqe, fd, call.buffers.data(), count, call.offset);
      }
      if (call.durable) sqe.rw_flags = RWF_DSYNC;
      break;
    case HostCall::Kind::fdatasync:
      ::io_uring_prep_fsync(&sqe, fd, IORING_FSYNC_DATASYNC);
      break;
    case HostCall::Kind::fallocate:
      ::io_uring_prep_fallocate(&sqe, fd, call.mode, static_cast<off_t>(call.offset),
                                static_cast<off_t>(call.length));
      break;
    case HostCall::Kind::discard:
      break;  // a thread's
  }
  if (has_fixed_file_) sqe.flags |= IOSQE_FIXED_FILE;
  ::io_uring_sqe_set_data(&sqe, &request);
}

bool UringQueue::is_call_wanted() const noexcept {
  return (__atomic_load_n(ring_.sq.kflags, __ATOMIC_RELAXED) &
          (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW)) != 0;
}

std::size_t UringQueue::completions() const noexcept {
  return ::io_uring_cq_ready(&ring_);
}

bool UringQueue::has_completions() const noexcept {
  return completions() != 0 || is_call_wanted();
}

// One system call, or none where there is nothing to say and nothing to wait for.
void UringQueue::enter(std::chrono::nanoseconds wait, std::size_t wanted) {
  const unsigned ready = ::io_uring_sq_ready(&ring_);
  int result = 0;
  if (wait.count() > 0 && completed_.empty() && ::io_uring_cq_ready(&ring_) == 0) {
    __kernel_timespec timeout{.tv_sec = 0, .tv_nsec = wait.count()};
    io_uring_cqe* cqe = nullptr;
    result = ::io_uring_submit_and_wait_timeout(&ring_, &cqe, static_cast<unsigned>(wanted),
                                                &timeout, nullptr);
  } else if (ready != 0) {
    result = ::io_uring_submit_and_get_events(&ring_);
  } else if (is_call_wanted()) {
    result = ::io_uring_get_events(&ring_);
  }
  // EAGAIN, EBUSY, ENOMEM: what was not taken stays in the ring and goes with the next call.
  if (result < 0 && ::io_uring_sq_ready(&ring_) != 0) {
    retry_->arm(std::chrono::steady_clock::now().time_since_epoch() + kRetry);
  }
}

bool UringQueue::enter_and_wait() {
  const int result = ::io_uring_submit_and_wait(&ring_, 1);
  if (result >= 0 || result == -EINTR || result == -EAGAIN || result == -EBUSY) return true;
  log_error("io_uring does not answer: error {}", -result);
  return false;
}

void UringQueue::reap() {
  io_uring_cqe* cqe = nullptr;
  unsigned head = 0;
  unsigned seen = 0;
  io_uring_for_each_cqe(&ring_, head, cqe) {
    ++seen;
    const std::uint64_t tag = cqe->user_data & kTagMask;
    if (tag == kBellTag) {
      heard(cqe->user_data >> 2, *cqe);
    } else if (tag == 0) {
      finish(*reinterpret_cast<DiskRequest*>(cqe->user_data), cqe->res);
    }
  }
  ::io_uring_cq_advance(&ring_, seen);
  if (by_threads_ != 0) finish_calls(threads_->collect());
}

std::size_t UringQueue::deliver() {
  std::size_t count = 0;
  while (DiskRequest* const request = completed_.pop()) {
    --in_flight_;
    ++count;
    client_.on_disk_complete(*request);
  }
  return count;
}

std::size_t UringQueue::advance(std::chrono::nanoseconds wait, std::size_t wanted) noexcept {
  prepare_all();
  enter(wait, wanted);
  reap();
  std::size_t count = deliver();
  // The next calls of those that need several, what waited for a bounce buffer, and what
  // completions submitted. Their own completions wake us.
  if (!submitted_.empty()) {
    prepare_all();
    count += deliver();
  }
  if (::io_uring_sq_ready(&ring_) != 0) enter({}, 0);
  return count;
}

void UringQueue::drain() noexcept {
  while (in_flight_ != 0) {
    prepare_all();
    if (completed_.empty() && by_threads_ != 0) {
      finish_calls(threads_->wait());
    } else if (completed_.empty() && !enter_and_wait()) {
      return;
    }
    reap();
    deliver();
  }
}

bool UringQueue::arm(std::size_t bell) {
  io_uring_sqe* const sqe = free_sqe();
  if (sqe == nullptr) return false;
  ::io_uring_prep_poll_multishot(sqe, bells_[bell].fd, POLLIN);
  sqe->user_data = bell << 2 | kBellTag;
  bells_[bell].is_armed = true;
  ++armed_;
  return true;
}

void UringQueue::heard(std::size_t bell, const io_uring_cqe& cqe) {
  if (cqe.res > 0 && !bells_closing_) client_.on_disk_bell(bell);
  if ((cqe.flags & IORING_CQE_F_MORE) != 0) return;
  bells_[bell].is_armed = false;
  --armed_;
  // The kernel may end a multishot poll by itself.
  if (bells_closing_ || cqe.res == -ECANCELED) return;
  if (cqe.res < 0 || !arm(bell)) log_error("io_uring does not watch an eventfd: {}", -cqe.res);
}

bool UringQueue::set_bells(std::span<const int> eventfds) {
  bells_closing_ = true;
  for (std::size_t i = 0; i < bells_.size(); ++i) {
    io_uring_sqe* const sqe = bells_[i].is_armed ? free_sqe() : nullptr;
    if (sqe == nullptr) continue;
    ::io_uring_prep_poll_remove(sqe, i << 2 | kBellTag);
    sqe->user_data = kNobodyTag;
  }
  while (armed_ != 0 && enter_and_wait())
    reap();
  bells_closing_ = false;
  if (armed_ != 0) return false;

  bells_.clear();
  if (!eventfds.empty() && !watch_ring()) return false;
  for (const int fd : eventfds)
    bells_.push_back({fd, false});
  for (std::size_t i = 0; i < bells_.size(); ++i) {
    if (!arm(i)) return false;
  }
  return ::io_uring_submit(&ring_) >= 0;
}

}  // namespace skiff
