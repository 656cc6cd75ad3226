#include "vmm/machine/io_threads.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/system/system_error.hpp>
#include <cerrno>
#include <string>
#include <system_error>
#include <thread>

#include "vmm/base/error.h"
#include "vmm/machine/io_executor.h"

namespace skiff {
namespace {

namespace asio = boost::asio;

// pthread_setname_np(3): 16 bytes with the terminating NUL.
constexpr std::size_t kThreadNameBytes = 15;

// Signals stay blocked in threads made meanwhile: they inherit the mask. Faults of a thread's own
// code do not: their handlers (a sanitizer's) run on the thread that faulted.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t blocked;
    ::sigfillset(&blocked);
    for (const int own : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGSYS, SIGABRT})
      ::sigdelset(&blocked, own);
    ::pthread_sigmask(SIG_SETMASK, &blocked, &before_);
  }
  ~SignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_{};
};

}  // namespace

class IoThreads::IoThread {
 public:
  explicit IoThread(const IoThreadConfig& config) try : executor_(io_) {
    const SignalsBlocked blocked;
    const std::string name = ("skiff/" + config.name).substr(0, kThreadNameBytes);
    thread_ = std::thread([this, name] {
      // By the thread itself: one system call, where another thread would need three.
      ::pthread_setname_np(::pthread_self(), name.c_str());
      io_.run();
    });
    try {
      bind(config);
    } catch (...) {
      end();
      throw;
    }
  } catch (const std::system_error& error) {
    refuse(config, error.code().value());
  } catch (const boost::system::system_error& error) {
    refuse(config, error.code().value());
  }
  ~IoThread() { end(); }
  IoThread(const IoThread&) = delete;
  IoThread& operator=(const IoThread&) = delete;

  Executor& executor() { return executor_; }

 private:
  [[noreturn]] static void refuse(const IoThreadConfig& config, int error) {
    throw HostError::from_errno(fmt::format("cannot start I/O thread {}", config.name), error);
  }
  void bind(const IoThreadConfig& config) {
    if (config.cpus.empty()) return;
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    for (const std::uint32_t cpu : config.cpus)
      CPU_SET(cpu, &cpus);  // of a number past the set's end nothing
    const int error = ::pthread_setaffinity_np(thread_.native_handle(), sizeof cpus, &cpus);
    if (error == 0) return;
    throw HostError::from_errno(fmt::format("I/O thread {} cannot be bound to processors {}",
                                            config.name, fmt::join(config.cpus, ", ")),
                                error);
  }
  void end() {
    // Behind everything posted so far. Descriptors and timers that are still waited for belong to
    // nobody any more.
    asio::post(io_, [this] { io_.stop(); });
    thread_.join();
  }

  asio::io_context io_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_{io_.get_executor()};
  IoExecutor executor_;
  std::thread thread_;
};

IoThreads::IoThreads(const std::vector<IoThreadConfig>& configured) : configured_(configured) {
  if (configured_.empty()) configured_.push_back({.name = "io0", .cpus = {}});
  threads_.resize(configured_.size());
}

IoThreads::~IoThreads() = default;

Executor& IoThreads::executor(std::string_view name) {
  std::size_t index = next_;
  if (name.empty()) {
    next_ = (next_ + 1) % configured_.size();
  } else {
    const auto found = std::ranges::find(configured_, name, &IoThreadConfig::name);
    if (found == configured_.end()) {
      throw ConfigError(fmt::format("there is no io_thread named \"{}\"", name));
    }
    index = static_cast<std::size_t>(found - configured_.begin());
  }
  if (!threads_[index]) threads_[index] = std::make_unique<IoThread>(configured_[index]);
  return threads_[index]->executor();
}

std::size_t IoThreads::running() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(threads_, [](const auto& thread) { return thread != nullptr; }));
}

}  // namespace skiff
