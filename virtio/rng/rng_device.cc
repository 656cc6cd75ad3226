#include "virtio/rng/rng_device.h"

#include <string.h>

#include <algorithm>
#include <utility>

#include "virtio/core/virtio_ids.h"

namespace skiff {
namespace {

// Bytes are drawn in pieces of this size, and one turn of the executor answers requests until it
// has given kTurn of them. [bytes]
constexpr std::size_t kPiece = 4096;
constexpr std::uint32_t kTurn = RngDevice::kMaxRequest;

}  // namespace

RngDevice::RngDevice(std::string name, const RngOptions& options, Executor& executor,
                     const Clock& clock)
    : name_(std::move(name)),
      clock_(clock),
      faults_(name_),
      source_(options.source),
      limiter_(std::make_shared<RateLimiter>(options.bandwidth)),
      service_(executor,
               {.on_start = [this] { on_start(); },
                .on_kick = [this](ActiveQueue& queue) { serve(queue); },
                .on_stop = [this] { on_stop(); },
                .on_failure = [this](std::string_view why) { interrupts()->needs_reset(why); }}) {}

RngDevice::~RngDevice() = default;

std::uint32_t RngDevice::device_id() const {
  return virtio::kEntropy;
}

void RngDevice::read_config(std::uint64_t /*offset*/, std::span<std::byte> out) const {
  std::ranges::fill(out, std::byte{0});
}

void RngDevice::activate(Activation activation) {
  service_.start(std::move(activation));
}

void RngDevice::reset(std::function<void()> done) {
  service_.stop(std::move(done));
}

void RngDevice::set_limit(const RateLimit& bandwidth) {
  service_.executor().post([limiter = limiter_, bandwidth, now = clock_.monotonic()] {
    limiter->change(bandwidth, now);
  });
  service_.post([this] {
    if (ActiveQueue* const queue = service_.queue(0)) serve(*queue);
  });
}

void RngDevice::on_start() {
  timer_ = service_.executor().create_timer([this] {
    if (ActiveQueue* const queue = service_.queue(0)) serve(*queue);
  });
}

void RngDevice::on_stop() {
  timer_.reset();
  holds_chain_ = false;
}

void RngDevice::serve(ActiveQueue& queue) {
  bool completed = false;
  bool broken = false;
  std::uint32_t given = 0;
  queue.ring.disable_notifications();
  for (std::size_t chains = 0;; ++chains) {
    if (chains == queue.ring.size() || given >= kTurn) {
      // There is more, but others of this executor are to have their turn first.
      queue.serve_again();
      break;
    }
    if (!holds_chain_) {
      const PopResult result = queue.ring.pop(chain_);
      if (result == PopResult::empty) {
        if (queue.ring.enable_notifications()) continue;
        break;
      }
      broken = result == PopResult::broken;
      if (broken) break;
      holds_chain_ = true;
      if (chain_.readable_size() != 0) faults_.report("a request has a device-readable part");
    }
    const auto written = answer();
    // The timer goes on with it.
    if (!written) break;
    holds_chain_ = false;
    queue.ring.complete(chain_, *written);
    completed = true;
    given += *written;
  }
  if (completed && queue.ring.publish()) interrupts()->signal_queue(queue.index);
  if (!broken) return;
  const std::string_view why = queue.ring.fault();
  service_.give_up();
  interrupts()->needs_reset(why);
}

std::optional<std::uint32_t> RngDevice::answer() {
  const std::uint32_t wanted = std::min(chain_.writable_size(), kMaxRequest);
  if (wanted == 0) return 0;
  const Clock::Nanoseconds now = clock_.monotonic();
  if (!limiter_->try_take(wanted, now)) {
    timer_->arm(limiter_->ready_at(wanted));
    return std::nullopt;
  }
  const std::uint32_t written = fill(wanted);
  limiter_->give_back(wanted - written);
  if (written == 0) {
    timer_->arm(now + kRetryPeriod);
    return std::nullopt;
  }
  return written;
}

std::uint32_t RngDevice::fill(std::uint32_t wanted) {
  std::array<std::byte, kPiece> piece;
  ChainWriter writer(chain_);
  std::uint32_t written = 0;
  while (written < wanted) {
    const std::span<std::byte> room =
        std::span(piece).first(std::min<std::size_t>(piece.size(), wanted - written));
    const std::size_t count = source_.read(room);
    if (count == 0) break;
    writer.write(room.first(count));
    written += static_cast<std::uint32_t>(count);
  }
  // What the guest was given is its secret. Most requests are of 64 bytes.
  ::explicit_bzero(piece.data(), std::min<std::size_t>(piece.size(), wanted));
  return written;
}

}  // namespace skiff
