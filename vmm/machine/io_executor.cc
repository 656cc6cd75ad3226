#include "vmm/machine/io_executor.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <memory>
#include <utility>

#include "vmm/base/error.h"
#include "vmm/base/fd.h"
#include "vmm/base/log.h"
#include "vmm/base/mutex.h"

namespace skiff {
namespace {

namespace asio = boost::asio;

// What outlives the Timer while a wait or a posted start still refers to it. The callback is run
// and taken away on the io_context's thread only.
struct TimerState : std::enable_shared_from_this<TimerState> {
  TimerState(asio::io_context& context, std::function<void()> callback)
      : io(context), on_expiry(std::move(callback)), descriptor(context) {}

  void begin() {
    if (!on_expiry) return;  // destroyed meanwhile
    boost::system::error_code error;
    descriptor.assign(fd, error);
    if (error) return log_error("a device's timer cannot be waited for: {}", error.message());
    unassigned.release();
    await();
  }
  void await() {
    descriptor.async_wait(asio::posix::stream_descriptor::wait_read,
                          [self = shared_from_this()](const boost::system::error_code& error) {
                            if (!error) self->expire();
                          });
  }
  void expire() {
    std::uint64_t expirations = 0;
    // Nothing to read: cancelled or armed anew between the wake-up and here.
    const bool expired = ::read(fd, &expirations, sizeof expirations) == sizeof expirations;
    if (expired && on_expiry) {
      // By a copy: the callback may destroy its own timer, and on_expiry with it.
      const std::function<void()> callback = on_expiry;
      callback();
    }
    if (on_expiry) await();
  }

  asio::io_context& io;
  std::function<void()> on_expiry;
  asio::posix::stream_descriptor descriptor;
  int fd = -1;    // the timerfd
  Fd unassigned;  // owns it until `descriptor` does
};

class FdTimer final : public Timer {
 public:
  FdTimer(asio::io_context& io, std::function<void()> on_expiry)
      : state_(std::make_shared<TimerState>(io, std::move(on_expiry))) {}
  ~FdTimer() override {
    state_->on_expiry = nullptr;
    boost::system::error_code ignored;
    state_->descriptor.close(ignored);
  }
  FdTimer(const FdTimer&) = delete;
  FdTimer& operator=(const FdTimer&) = delete;

  void arm(Clock::Nanoseconds deadline) noexcept override {
    MutexLock lock(mutex_);
    if (!started_ && !start()) return;
    // A zero value would disarm; a deadline in the past fires at once.
    set(std::max<Clock::Nanoseconds>(deadline, Clock::Nanoseconds(1)));
  }
  void cancel() noexcept override {
    MutexLock lock(mutex_);
    if (started_) set(Clock::Nanoseconds(0));
  }

 private:
  bool start() noexcept SKIFF_REQUIRES(mutex_) {
    const int fd = ::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (fd < 0) return false;
    started_ = true;
    state_->fd = fd;
    state_->unassigned = Fd(fd);
    asio::post(state_->io, [state = state_] { state->begin(); });
    return true;
  }
  void set(Clock::Nanoseconds deadline) noexcept SKIFF_REQUIRES(mutex_) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(deadline);
    itimerspec value{};
    value.it_value.tv_sec = seconds.count();
    value.it_value.tv_nsec = (deadline - seconds).count();
    ::timerfd_settime(state_->fd, TFD_TIMER_ABSTIME, &value, nullptr);
  }

  const std::shared_ptr<TimerState> state_;
  Mutex mutex_;
  bool started_ SKIFF_GUARDED_BY(mutex_) = false;
};

// As with TimerState: a wait that is still queued keeps it alive, and finds on_ready taken away.
struct WatchState : std::enable_shared_from_this<WatchState> {
  WatchState(asio::io_context& io, Readiness readiness, std::function<void()> callback)
      : wait(readiness == Readiness::readable ? asio::posix::stream_descriptor::wait_read
                                              : asio::posix::stream_descriptor::wait_write),
        on_ready(std::make_shared<std::function<void()>>(std::move(callback))),
        descriptor(io) {}

  void await() {
    descriptor.async_wait(wait,
                          [self = shared_from_this()](const boost::system::error_code& error) {
                            if (!error) self->ready();
                          });
  }
  void ready() {
    if (!on_ready) return;
    // The callback may end its watch, and with it on_ready: what runs is a reference to a function
    // kept alive here until it has returned.
    const std::shared_ptr<std::function<void()>> callback = on_ready;
    (*callback)();
    if (on_ready) await();
  }

  const asio::posix::stream_descriptor::wait_type wait;
  std::shared_ptr<std::function<void()>> on_ready;
  asio::posix::stream_descriptor descriptor;
};

class DescriptorWatch final : public Watch {
 public:
  explicit DescriptorWatch(std::shared_ptr<WatchState> state) : state_(std::move(state)) {}
  ~DescriptorWatch() override {
    state_->on_ready = nullptr;
    boost::system::error_code ignored;
    state_->descriptor.close(ignored);
  }
  DescriptorWatch(const DescriptorWatch&) = delete;
  DescriptorWatch& operator=(const DescriptorWatch&) = delete;

 private:
  const std::shared_ptr<WatchState> state_;
};

// Asio takes descriptors that epoll refuses (regular files, /dev/null) and never calls back.
bool can_be_waited_for(int fd) {
  struct stat status{};
  if (::fstat(fd, &status) != 0) return false;
  switch (status.st_mode & S_IFMT) {
    case 0:  // eventfd, timerfd and their like
    case S_IFIFO:
    case S_IFSOCK:
      return true;
    case S_IFCHR: {  // some can (terminals, tap), some cannot: only epoll knows
      const Fd probe(::epoll_create1(EPOLL_CLOEXEC));
      epoll_event nothing{};
      return probe && ::epoll_ctl(probe.get(), EPOLL_CTL_ADD, fd, &nothing) == 0;
    }
    default:
      return false;
  }
}

}  // namespace

void IoExecutor::post(std::function<void()> work) {
  asio::post(io_, std::move(work));
}

std::unique_ptr<Watch> IoExecutor::watch(int fd, Readiness readiness,
                                         std::function<void()> on_ready) {
  Fd own(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
  if (!own || !can_be_waited_for(own.get())) return nullptr;
  auto state = std::make_shared<WatchState>(io_, readiness, std::move(on_ready));
  boost::system::error_code error;
  state->descriptor.assign(own.get(), error);
  if (error) return nullptr;
  own.release();
  state->await();
  return std::make_unique<DescriptorWatch>(std::move(state));
}

bool IoExecutor::runs_here() const noexcept {
  return io_.get_executor().running_in_this_thread();
}

std::unique_ptr<Timer> IoExecutor::create_timer(std::function<void()> on_expiry) {
  return std::make_unique<FdTimer>(io_, std::move(on_expiry));
}

}  // namespace skiff
