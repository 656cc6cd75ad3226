#include "vmm/machine/vcpu_thread.h"

#include <fmt/format.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>

#include <chrono>
#include <system_error>

#include "vmm/base/error.h"

namespace skiff {
namespace {

int kick_signal() {
  // One that is pending is not queued again, and needs no room in the queue of signals that a
  // user's processes share (`ulimit -i`): a real-time signal would be refused where that is full.
  return SIGUSR1;
}

std::uint64_t now_ns() {
  return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
}

}  // namespace

void VcpuThread::install_kick_signal() {
  struct sigaction action{};
  action.sa_handler = [](int) {};
  // No SA_RESTART: the whole point is that KVM_RUN comes back with EINTR.
  ::sigaction(kick_signal(), &action, nullptr);
}

VcpuThread::VcpuThread(std::unique_ptr<KvmVcpu> vcpu, IoBus& ports, IoBus& mmio, EndHandler on_end,
                       const ProcessorInterrupts& interrupts, CoalescedWrites* coalesced)
    : vcpu_(std::move(vcpu)),
      external_(interrupts.external),
      coalesced_(coalesced),
      dispatcher_(ports, mmio, ledger_, interrupts.end_of_interrupt),
      on_end_(std::move(on_end)) {
  if (external_ != nullptr) external_->set_listener([this] { on_external_interrupt(); });
}

VcpuThread::~VcpuThread() {
  request(Request::stop);
  join();
  if (external_ != nullptr) external_->set_listener({});
}

void VcpuThread::start() {
  // Signals meant for the process (SIGTERM, SIGWINCH) belong to the main thread; vCPU threads take
  // the kick, and the faults of their own code, whose handlers (a sanitizer's, or one that gives
  // the terminal back) run on the thread that faulted. The mask is inherited, so it is set around
  // the creation.
  sigset_t blocked;
  sigset_t previous;
  sigfillset(&blocked);
  for (const int own : {kick_signal(), SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGSYS, SIGABRT})
    sigdelset(&blocked, own);
  {
    MutexLock lock(mutex_);
    parked_ = false;
  }
  pthread_sigmask(SIG_SETMASK, &blocked, &previous);
  try {
    thread_ = std::thread([this] { loop(); });
  } catch (const std::system_error& error) {
    pthread_sigmask(SIG_SETMASK, &previous, nullptr);
    {
      MutexLock lock(mutex_);
      parked_ = true;
    }
    throw HostError::from_errno(fmt::format("cannot start the thread of vCPU {} (limits: `ulimit "
                                            "-u` on threads, `ulimit -v` on memory)",
                                            vcpu_->id()),
                                error.code().value());
  }
  pthread_sigmask(SIG_SETMASK, &previous, nullptr);
}

void VcpuThread::request(Request wanted) noexcept {
  Request current = request_.load();
  while (current != Request::stop && !request_.compare_exchange_weak(current, wanted)) {
  }
  // Under the mutex the thread cannot end between the look and the signal; a thread that has not
  // entered its loop yet looks at the request when it does.
  MutexLock lock(mutex_);
  changed_.notify_all();
  if (!looping_) return;
  vcpu_->set_immediate_exit(true);
  pthread_kill(handle_, kick_signal());
}

void VcpuThread::wait_until_parked() {
  MutexLock lock(mutex_);
  while (!parked_)
    changed_.wait(mutex_);
}

bool VcpuThread::wait_until_parked(std::chrono::steady_clock::time_point deadline) {
  MutexLock lock(mutex_);
  while (!parked_) {
    const auto left = deadline - std::chrono::steady_clock::now();
    if (left <= std::chrono::nanoseconds(0)) return false;
    changed_.wait_for(mutex_, left);
  }
  return true;
}

std::optional<std::chrono::nanoseconds> VcpuThread::cpu_time() const {
  MutexLock lock(mutex_);
  if (!looping_) return std::nullopt;
  clockid_t clock{};
  timespec time{};
  if (::pthread_getcpuclockid(handle_, &clock) != 0 || ::clock_gettime(clock, &time) != 0)
    return std::nullopt;
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

void VcpuThread::join() {
  if (thread_.joinable()) thread_.join();
}

bool VcpuThread::may_run() {
  // Clear before looking: a request that comes after the look finds immediate_exit set again.
  vcpu_->set_immediate_exit(false);
  if (request_.load() == Request::run) [[likely]]
    return true;
  MutexLock lock(mutex_);
  // One look decides: a pause that comes between two looks would be taken for a stop.
  Request wanted = request_.load();
  for (; wanted == Request::pause; wanted = request_.load()) {
    parked_ = true;
    changed_.notify_all();
    changed_.wait(mutex_);
  }
  parked_ = false;
  return wanted == Request::run;
}

void VcpuThread::wait_a_moment() {
  MutexLock lock(mutex_);
  if (request_.load() != Request::run) return;
  changed_.wait_for(mutex_, std::chrono::milliseconds(1));
}

void VcpuThread::on_external_interrupt() {
  const Place place = place_.load();
  if (place == Place::outside) return;  // the loop looks at INTR before it goes in
  MutexLock lock(mutex_);
  if (!looping_) return;
  if (place == Place::halt) {
    changed_.notify_all();
  } else {
    vcpu_->set_immediate_exit(true);
    pthread_kill(handle_, kick_signal());
  }
}

void VcpuThread::end_halt() {
  halt_ended_.store(true);
  MutexLock lock(mutex_);
  changed_.notify_all();
}

void VcpuThread::offer_interrupt() {
  bool waits = external_->asserted();
  if (waits && vcpu_->takes_interrupt()) {
    vcpu_->inject_interrupt(external_->acknowledge());
    waits = external_->asserted();
  }
  vcpu_->set_interrupt_window(waits);
}

VcpuExit VcpuThread::run_with_external_interrupts() {
  // An NMI from before is the guest's when it goes in.
  halt_ended_.store(false);
  place_.store(Place::guest);
  offer_interrupt();
  VcpuExit exit = vcpu_->run();
  place_.store(Place::outside);
  return exit;
}

bool VcpuThread::wait_in_halt() {
  MutexLock lock(mutex_);
  place_.store(Place::halt);
  const auto is_over = [this] {
    return halt_ended_ || (vcpu_->has_interrupts_on() && external_->asserted());
  };
  bool over = is_over();
  while (!over && request_.load() == Request::run) {
    changed_.wait(mutex_);
    over = is_over();
  }
  place_.store(Place::outside);
  return over;
}

void VcpuThread::loop() {
  // By the thread itself: one system call, where another thread would need three.
  pthread_setname_np(pthread_self(), fmt::format("vcpu{}", vcpu_->id()).c_str());
  {
    MutexLock lock(mutex_);
    handle_ = pthread_self();
    looping_ = true;
  }
  ExitKey key;
  while (may_run()) {
    if (is_halted_) [[unlikely]] {
      if (!wait_in_halt()) continue;
      is_halted_ = false;
    }
    VcpuExit exit = external_ == nullptr ? vcpu_->run() : run_with_external_interrupts();
    const std::uint64_t from = now_ns();
    // Before the exit is looked at: they came first.
    if (coalesced_ != nullptr) coalesced_->take();
    Verdict verdict = dispatcher_.dispatch(exit, key);
    while (verdict == Verdict::retry) [[unlikely]] {
      busy_with_ = key;
      wait_a_moment();
      // A pause while the device is busy parks here; the access is made again afterwards. The
      // guest's instruction is not finished before that, as with any bus that inserts wait states.
      if (!may_run()) break;
      verdict = dispatcher_.dispatch(exit, key);
      busy_with_.reset();
    }
    ledger_.record(key, now_ns() - from);
    is_halted_ = external_ != nullptr && key.reason == ExitReason::halted;
    if (verdict == Verdict::end) [[unlikely]] {
      on_end_(*this, exit);
      break;
    }
  }
  MutexLock lock(mutex_);
  looping_ = false;
  parked_ = true;
  changed_.notify_all();
}

}  // namespace skiff
