// Notices a guest that has gone silent while it keeps a processor busy, without waking an idle VM.
//
//   start ---> counting: one timer, `after` from now
//   counting --timer, there was output meanwhile--> counting again
//   counting --timer, silent, a vCPU used an eighth of a processor or more--> on_silent(busy), once
//   --> done counting --timer, silent, the vCPUs rested--> waiting: no timer at all
//               (and, if the guest has never printed anything, on_silent(idle), once)
//   waiting  --the next output--> counting
//
// So a guest that rests and says nothing costs one wake-up after its last output, and then none.
// One that begins to spin later, without a word, is not noticed; it can be asked about.
//
// Thread rule: the main thread, but for write and writable of the meters: any thread.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "vmm/io/byte_channel.h"

namespace skiff {

// What is decided at the timer; apart from time and threads, so that it can be tested.
class SilenceJudge {
 public:
  enum class Verdict { again, silent_busy, silent_idle, rest };
  using VcpuTimes = std::vector<std::optional<std::chrono::nanoseconds>>;

  // A new machine: `bytes` printed so far by all machines, vCPU times now.
  void start(std::uint64_t bytes, VcpuTimes times);
  // `elapsed` since start or the last look.
  Verdict look(std::uint64_t bytes, const VcpuTimes& times, std::chrono::nanoseconds elapsed);
  bool has_printed(std::uint64_t bytes) const { return bytes != at_start_; }

 private:
  std::uint64_t at_start_ = 0;
  std::uint64_t at_last_look_ = 0;
  bool told_idle_ = false;
  VcpuTimes times_;
};

class SilenceWatch {
 public:
  using VcpuTimes = SilenceJudge::VcpuTimes;

  // `after` 0: output is counted, and nothing else. `on_silent` true: it keeps a processor busy;
  // its answer false: nothing was wrong, look on.
  SilenceWatch(boost::asio::io_context& io, std::chrono::seconds after,
               std::function<bool(bool busy)> on_silent);
  ~SilenceWatch();
  SilenceWatch(const SilenceWatch&) = delete;
  SilenceWatch& operator=(const SilenceWatch&) = delete;

  // A sink that counts what passes to `sink`; both live as long as the watch.
  ByteSink& meter(ByteSink& sink);
  // A machine has started; `times` is asked at each look until stop().
  void start(std::function<VcpuTimes()> times);
  void stop();
  bool has_printed() const { return judge_.has_printed(bytes_.load(std::memory_order_relaxed)); }

 private:
  class Meter;

  void count();
  void look();
  void wait_for_output(std::uint64_t seen);

  boost::asio::io_context& io_;
  const std::chrono::seconds after_;
  const std::function<bool(bool)> on_silent_;
  boost::asio::steady_timer timer_;
  std::function<VcpuTimes()> times_;  // empty: no machine runs, or all has been said
  SilenceJudge judge_;
  std::atomic<std::uint64_t> bytes_{0};
  std::atomic<bool> waits_{false};  // the next output is to start the timer
  std::vector<std::unique_ptr<Meter>> meters_;
};

}  // namespace skiff
