// A FakeClock that a thread of its own turns: posted work and ready descriptors run there.
// Thread rule: as Executor says. stop() before what uses it is destroyed on another thread is
// wrong.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <thread>
#include <utility>

#include "tests/fakes/fake_clock.h"
#include "vmm/base/event_fd.h"

namespace skiff {

class ThreadExecutor final : public Executor {
 public:
  ThreadExecutor()
      : wake_watch_(loop_.watch(wake_.fd(), Readiness::readable, [this] { wake_.consume(); })),
        thread_([this] { run(); }) {}
  ~ThreadExecutor() override {
    post([this] { ended_ = true; });
    thread_.join();
  }
  ThreadExecutor(const ThreadExecutor&) = delete;
  ThreadExecutor& operator=(const ThreadExecutor&) = delete;

  std::unique_ptr<Timer> create_timer(std::function<void()> on_expiry) override {
    return loop_.create_timer(std::move(on_expiry));
  }
  void post(std::function<void()> work) override {
    loop_.post(std::move(work));
    wake_.signal();
  }
  std::unique_ptr<Watch> watch(int fd, Readiness readiness,
                               std::function<void()> on_ready) override {
    return loop_.watch(fd, readiness, std::move(on_ready));
  }
  bool runs_here() const noexcept override {
    return std::this_thread::get_id() == id_.load(std::memory_order_relaxed);
  }

 private:
  void run() {
    id_.store(std::this_thread::get_id(), std::memory_order_relaxed);
    while (!ended_)
      loop_.run_for(std::chrono::seconds(10));
  }

  FakeClock loop_;
  const EventFd wake_;
  const std::unique_ptr<Watch> wake_watch_;
  bool ended_ = false;  // loop's thread
  std::atomic<std::thread::id> id_{};
  std::thread thread_;
};

}  // namespace skiff
