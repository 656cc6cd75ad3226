#include "vmm/control/silence_watch.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

namespace skiff {

void SilenceJudge::start(std::uint64_t bytes, VcpuTimes times) {
  at_start_ = at_last_look_ = bytes;
  told_idle_ = false;
  times_ = std::move(times);
}

SilenceJudge::Verdict SilenceJudge::look(std::uint64_t bytes, const VcpuTimes& times,
                                         std::chrono::nanoseconds elapsed) {
  std::chrono::nanoseconds busiest{0};
  for (std::size_t vcpu = 0; vcpu < std::min(times.size(), times_.size()); ++vcpu) {
    if (times[vcpu] && times_[vcpu]) busiest = std::max(busiest, *times[vcpu] - *times_[vcpu]);
  }
  times_ = times;
  if (std::exchange(at_last_look_, bytes) != bytes) return Verdict::again;
  // A spinning vCPU on a crowded host gets a fraction of a processor; a resting one next to
  // nothing.
  if (busiest * 8 >= elapsed) return Verdict::silent_busy;
  if (has_printed(bytes) || std::exchange(told_idle_, true)) return Verdict::rest;
  return Verdict::silent_idle;
}

class SilenceWatch::Meter final : public ByteSink {
 public:
  Meter(SilenceWatch& watch, ByteSink& sink) : watch_(watch), sink_(sink) {}

  std::size_t write(std::span<const std::byte> bytes) noexcept override {
    const std::size_t taken = sink_.write(bytes);
    if (taken != 0) {
      watch_.bytes_.fetch_add(taken, std::memory_order_seq_cst);
      if (watch_.waits_.load(std::memory_order_seq_cst) && watch_.waits_.exchange(false)) {
        boost::asio::post(watch_.io_, [this] { watch_.count(); });
      }
    }
    return taken;
  }
  bool writable() const noexcept override { return sink_.writable(); }
  const ByteSink& sink() const { return sink_; }

 private:
  SilenceWatch& watch_;
  ByteSink& sink_;
};

SilenceWatch::SilenceWatch(boost::asio::io_context& io, std::chrono::seconds after,
                           std::function<bool(bool busy)> on_silent)
    : io_(io), after_(after), on_silent_(std::move(on_silent)), timer_(io) {}

SilenceWatch::~SilenceWatch() = default;

ByteSink& SilenceWatch::meter(ByteSink& sink) {
  const auto found =
      std::ranges::find_if(meters_, [&sink](const auto& meter) { return &meter->sink() == &sink; });
  if (found != meters_.end()) return **found;
  return *meters_.emplace_back(std::make_unique<Meter>(*this, sink));
}

void SilenceWatch::start(std::function<VcpuTimes()> times) {
  judge_.start(bytes_.load(), times());
  times_ = std::move(times);
  count();
}

void SilenceWatch::stop() {
  times_ = nullptr;
  waits_.store(false);
  timer_.cancel();
}

void SilenceWatch::count() {
  if (!times_ || after_.count() == 0) return;
  timer_.expires_after(after_);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error && times_) look();
  });
}

void SilenceWatch::wait_for_output(std::uint64_t seen) {
  waits_.store(true);
  // Output between the look and the store did not see that somebody waits.
  if (bytes_.load() != seen && waits_.exchange(false)) count();
}

void SilenceWatch::look() {
  const std::uint64_t seen = bytes_.load();
  switch (judge_.look(seen, times_(), after_)) {
    case SilenceJudge::Verdict::again:
      return count();
    case SilenceJudge::Verdict::silent_busy:
      if (on_silent_(true)) return stop();
      return wait_for_output(seen);
    case SilenceJudge::Verdict::silent_idle:
      on_silent_(false);
      return wait_for_output(seen);
    case SilenceJudge::Verdict::rest:
      return wait_for_output(seen);
  }
}

}  // namespace skiff
