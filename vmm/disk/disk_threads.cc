#include "vmm/disk/disk_threads.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <pthread.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

namespace skiff {
namespace {

std::int64_t make_call(int fd, const HostCall& call) {
  const auto offset = static_cast<off_t>(call.offset);
  const auto count = static_cast<int>(call.buffers.size());
  ssize_t result = 0;
  switch (call.kind) {
    case HostCall::Kind::readv:
      result = ::preadv(fd, call.buffers.data(), count, offset);
      break;
    case HostCall::Kind::writev:
      result = ::pwritev2(fd, call.buffers.data(), count, offset, call.durable ? RWF_DSYNC : 0);
      break;
    case HostCall::Kind::fdatasync:
      result = ::fdatasync(fd);
      break;
    case HostCall::Kind::fallocate:
      result = ::fallocate(fd, call.mode, offset, static_cast<off_t>(call.length));
      break;
    case HostCall::Kind::discard: {
      std::array<std::uint64_t, 2> range{call.offset, call.length};
      result = ::ioctl(fd, BLKDISCARD, range.data());
      break;
    }
  }
  return result < 0 ? -errno : result;
}

}  // namespace

DiskThreads::DiskThreads(const DiskFile& file, const FileTransfer& transfer, unsigned threads)
    : file_(file), transfer_(transfer), most_threads_(threads) {
  threads_.reserve(threads);
}

DiskThreads::~DiskThreads() {
  {
    const MutexLock lock(mutex_);
    ending_ = true;
  }
  work_there_.notify_all();
  for (std::thread& thread : threads_)
    thread.join();
}

bool DiskThreads::submit(RequestList& requests, std::size_t count) {
  std::size_t idle = 0;
  {
    const MutexLock lock(mutex_);
    idle = idle_;
  }
  for (; idle < count && threads_.size() < most_threads_; ++idle) {
    if (!start_thread()) break;
  }
  if (threads_.empty()) return false;
  {
    const MutexLock lock(mutex_);
    waiting_.take(requests);
  }
  for (std::size_t i = 0; i < std::min<std::size_t>(count, threads_.size()); ++i)
    work_there_.notify_one();
  return true;
}

RequestList DiskThreads::collect() {
  const MutexLock lock(mutex_);
  RequestList done;
  done.take(done_);
  return done;
}

RequestList DiskThreads::wait() {
  const MutexLock lock(mutex_);
  while (done_.empty())
    done_there_.wait(mutex_);
  RequestList done;
  done.take(done_);
  return done;
}

bool DiskThreads::start_thread() {
  // The process's signals are the main thread's; a thread inherits the mask.
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  for (const int own : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGSYS, SIGABRT})
    ::sigdelset(&all, own);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  bool started = true;
  try {
    threads_.emplace_back([this] { work(); });
  } catch (const std::system_error&) {
    started = false;
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return started;
}

void DiskThreads::work() {
  ::pthread_setname_np(::pthread_self(), "skiff/disk");
  mutex_.lock();
  for (;;) {
    DiskRequest* const request = waiting_.pop();
    if (request == nullptr) {
      if (ending_) break;
      ++idle_;
      work_there_.wait(mutex_);
      --idle_;
      continue;
    }
    mutex_.unlock();
    request->backend.result = make_call(file_.fd, transfer_.call(*request));
    mutex_.lock();
    const bool first = done_.empty();
    done_.push(*request);
    if (first) {
      done_there_.notify_one();
      done_event_.signal();
    }
  }
  mutex_.unlock();
}

}  // namespace skiff
