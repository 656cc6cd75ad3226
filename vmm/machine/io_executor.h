// An Executor on an Asio io_context. Timers are timerfds: arming is one system call from any
// thread, and a timer that is never armed costs nothing. A watch waits on a duplicate of its
// descriptor, so that two watches (readable, writable) of one descriptor do not meet in epoll.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>

#include "vmm/io/executor.h"

namespace skiff {

// Thread rule: create_timer from any thread. Timers are destroyed on the thread that runs the
// io_context (or while it does not run).
class IoExecutor final : public Executor {
 public:
  explicit IoExecutor(boost::asio::io_context& io) : io_(io) {}
  std::unique_ptr<Timer> create_timer(std::function<void()> on_expiry) override;
  void post(std::function<void()> work) override;
  std::unique_ptr<Watch> watch(int fd, Readiness readiness,
                               std::function<void()> on_ready) override;
  bool runs_here() const noexcept override;

 private:
  boost::asio::io_context& io_;
};

}  // namespace skiff
