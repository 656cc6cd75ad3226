// Timers on an Asio io_context by timerfd: arming is one system call from any thread, and a timer
// that is never armed costs nothing.
#pragma once

#include <boost/asio/io_context.hpp>

#include "vmm/io/executor.h"

namespace skiff {

// Thread rule: create_timer from any thread. Timers are destroyed on the thread that runs the
// io_context (or while it does not run).
class IoExecutor final : public Executor {
 public:
  explicit IoExecutor(boost::asio::io_context& io) : io_(io) {}
  std::unique_ptr<Timer> create_timer(std::function<void()> on_expiry) override;

 private:
  boost::asio::io_context& io_;
};

}  // namespace skiff
