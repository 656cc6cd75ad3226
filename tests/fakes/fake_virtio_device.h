// A virtio device that gives back what it is sent: each request's readable half, copied into its
// writable half. It works when the test says serve(), and counts what a transport must never do.
//
// Thread rule: what the transport calls from any thread; serve and finish_reset from one, the
// device's own.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "virtio/core/virtio_device.h"
#include "vmm/base/bytes.h"
#include "vmm/base/mutex.h"

namespace skiff {

class FakeVirtioDevice final : public VirtioDevice {
 public:
  static constexpr std::size_t kConfigSize = 24;

  explicit FakeVirtioDevice(std::vector<std::uint16_t> sizes = {16, 8}, std::uint32_t id = 2)
      : id_(id), sizes_(std::move(sizes)) {
    for (std::size_t i = 0; i < config_.size(); ++i)
      config_[i] = static_cast<std::byte>(0xa0 + i);
  }

  std::string_view name() const override { return "fake0"; }
  std::uint32_t device_id() const override { return id_; }
  std::uint64_t features() const override { return offered; }
  std::span<const std::uint16_t> queue_sizes() const override { return sizes_; }

  void read_config(std::uint64_t offset, std::span<std::byte> out) const override {
    MutexLock lock(mutex_);
    for (std::size_t i = 0; i < out.size(); ++i)
      out[i] = fits(kConfigSize, offset, i + 1) ? config_[offset + i] : std::byte{0};
  }
  void write_config(std::uint64_t offset, std::span<const std::byte> data) override {
    MutexLock lock(mutex_);
    ++config_writes_;
    for (std::size_t i = 0; i < data.size() && fits(kConfigSize, offset, i + 1); ++i)
      config_[offset + i] = data[i];
  }

  void activate(Activation activation) override {
    MutexLock lock(mutex_);
    if (active_) ++wrong_calls_;
    active_ = true;
    ++activations_;
    activation_ = std::move(activation);
  }
  void reset(std::function<void()> done) override {
    {
      MutexLock lock(mutex_);
      if (!active_ || pending_) ++wrong_calls_;
      ++resets_;
      if (hold_resets_) {
        pending_ = std::move(done);
        return;
      }
      become_inactive();
    }
    done();
  }

  // The reset that reset() was asked for is over; false if none was.
  bool finish_reset() {
    std::function<void()> done;
    {
      MutexLock lock(mutex_);
      if (!pending_) return false;
      done = std::exchange(pending_, nullptr);
      become_inactive();
    }
    done();
    return true;
  }
  // Echoes what is there on all queues and interrupts where the driver wants it; a broken ring asks
  // for a reset. Consumes the kicks. Answers how many requests were done.
  int serve() {
    int served = 0;
    std::vector<std::uint16_t> signals;
    bool broken = false;
    {
      MutexLock lock(mutex_);
      if (!activation_) return 0;
      for (ActiveQueue& queue : activation_->queues) {
        queue.kick->consume();
        DescriptorChain chain;
        PopResult popped = queue.ring.pop(chain);
        for (; popped == PopResult::chain; popped = queue.ring.pop(chain)) {
          queue.ring.complete(chain, echo(chain));
          ++served;
        }
        broken = broken || popped == PopResult::broken;
        if (queue.ring.publish()) signals.push_back(queue.index);
      }
    }
    for (const std::uint16_t queue : signals)
      interrupts()->signal_queue(queue);
    if (broken) interrupts()->needs_reset("the ring is broken");
    return served;
  }
  // Queues of the activation that were kicked; the kicks are consumed.
  std::vector<std::uint16_t> take_kicked() {
    std::vector<std::uint16_t> kicked;
    MutexLock lock(mutex_);
    if (!activation_) return kicked;
    for (const ActiveQueue& queue : activation_->queues) {
      if (queue.kick->consume()) kicked.push_back(queue.index);
    }
    return kicked;
  }

  void hold_resets(bool hold) {
    MutexLock lock(mutex_);
    hold_resets_ = hold;
  }
  bool active() const {
    MutexLock lock(mutex_);
    return active_;
  }
  bool reset_pending() const {
    MutexLock lock(mutex_);
    return static_cast<bool>(pending_);
  }
  int activations() const {
    MutexLock lock(mutex_);
    return activations_;
  }
  int resets() const {
    MutexLock lock(mutex_);
    return resets_;
  }
  // Activated while active, or reset while not.
  int wrong_calls() const {
    MutexLock lock(mutex_);
    return wrong_calls_;
  }
  int config_writes() const {
    MutexLock lock(mutex_);
    return config_writes_;
  }
  std::uint64_t negotiated() const {
    MutexLock lock(mutex_);
    return activation_ ? activation_->features : 0;
  }
  std::vector<std::uint16_t> active_queues() const {
    std::vector<std::uint16_t> indices;
    MutexLock lock(mutex_);
    for (std::size_t i = 0; activation_ && i < activation_->queues.size(); ++i)
      indices.push_back(activation_->queues[i].index);
    return indices;
  }
  VirtioInterrupts* interrupts() const { return VirtioDevice::interrupts(); }

  std::uint64_t offered = 0x0001'0000'0000'0003;  // one bit of it not a device's to offer

 private:
  void become_inactive() SKIFF_REQUIRES(mutex_) {
    active_ = false;
    activation_.reset();
  }
  static std::uint32_t echo(const DescriptorChain& chain) {
    ChainReader reader(chain);
    ChainWriter writer(chain);
    std::array<std::byte, 256> buffer;
    std::uint32_t written = 0;
    for (;;) {
      const std::size_t part = std::min({buffer.size(), reader.remaining(), writer.remaining()});
      const auto bytes = std::span(buffer).first(part);
      if (part == 0 || !reader.read(bytes) || !writer.write(bytes)) return written;
      written += static_cast<std::uint32_t>(part);
    }
  }

  const std::uint32_t id_;
  const std::vector<std::uint16_t> sizes_;
  mutable Mutex mutex_;
  std::array<std::byte, kConfigSize> config_ SKIFF_GUARDED_BY(mutex_){};
  int config_writes_ SKIFF_GUARDED_BY(mutex_) = 0;
  std::optional<Activation> activation_ SKIFF_GUARDED_BY(mutex_);
  std::function<void()> pending_ SKIFF_GUARDED_BY(mutex_);
  bool active_ SKIFF_GUARDED_BY(mutex_) = false;
  bool hold_resets_ SKIFF_GUARDED_BY(mutex_) = false;
  int activations_ SKIFF_GUARDED_BY(mutex_) = 0;
  int resets_ SKIFF_GUARDED_BY(mutex_) = 0;
  int wrong_calls_ SKIFF_GUARDED_BY(mutex_) = 0;
};

}  // namespace skiff
