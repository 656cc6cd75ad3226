#include "virtio/core/transport_state.h"

#include <fmt/format.h>

#include <expected>
#include <utility>

#include "virtio/core/virtio_ids.h"
#include "vmm/base/error.h"

namespace skiff {
namespace {

// Bits 24 to 49 belong to rings, transports and the future (2.2), whatever a device says.
constexpr std::uint64_t kDeviceFeatures = ~(((1ULL << 26) - 1) << 24);

std::uint64_t offered_features(const VirtioDevice& device, const TransportOptions& options) {
  std::uint64_t features = device.features() & kDeviceFeatures;
  features |= virtio::kFeatureVersion1 | virtio::kFeatureIndirectDesc;
  if (options.event_idx) features |= virtio::kFeatureEventIdx;
  if (options.packed) features |= virtio::kFeatureRingPacked;
  return features;
}

std::size_t checked_queues(const VirtioDevice& device) {
  const std::size_t queues = device.queue_sizes().size();
  if (queues > TransportState::kMaxQueues) {
    throw ConfigError(fmt::format("{}: {} queues, but a virtio device has at most {}",
                                  device.name(), queues, TransportState::kMaxQueues));
  }
  return queues;
}

}  // namespace

TransportState::TransportState(VirtioDevice& device, const GuestMemory& memory,
                               const TransportOptions& options, TransportLayout& layout)
    : device_(device),
      memory_(memory),
      layout_(layout),
      kicks_(checked_queues(device)),
      counters_(kicks_.size()),
      on_needs_reset_(options.on_needs_reset),
      faults_(device.name()),
      registers_(offered_features(device, options), device.queue_sizes()) {
  device_.attach(this);
}

TransportState::~TransportState() {
  bool is_inactive = false;
  {
    MutexLock lock(mutex_);
    is_inactive = phase_ == Phase::inactive;
  }
  if (!is_inactive) quiesce();
  device_.attach(nullptr);
}

std::uint64_t TransportState::read(TransportRegister reg, RegisterPart part) const {
  MutexLock lock(mutex_);
  return registers_.read(reg, part);
}

IoStatus TransportState::write(TransportRegister reg, std::uint64_t value, RegisterPart part) {
  if (reg == TransportRegister::device_status) return write_status(value);
  std::string_view refused;
  {
    MutexLock lock(mutex_);
    refused = registers_.write(reg, value, part);
  }
  if (!refused.empty()) faults_.report("{:#x} refused: {}", value, refused);
  return IoStatus::ok;
}

IoStatus TransportState::write_status(std::uint64_t value) {
  if (value == 0) return begin_reset();
  StatusVerdict verdict = StatusVerdict::refused;
  Next next = Next::nothing;
  if (value <= 0xff) next = take_status(static_cast<std::uint8_t>(value), verdict);
  if (next == Next::wait) return IoStatus::busy;
  if (next == Next::activate) activate();
  if (verdict == StatusVerdict::refused) {
    faults_.report("device status {:#x} is not a legal next one", value);
  } else if (verdict == StatusVerdict::features_refused) {
    faults_.report("the driver chose features that are not offered, or not VERSION_1");
  }
  return IoStatus::ok;
}

TransportState::Next TransportState::take_status(std::uint8_t value, StatusVerdict& verdict) {
  MutexLock lock(mutex_);
  if (phase_ == Phase::activating || phase_ == Phase::resetting) return Next::wait;
  const std::uint8_t before = registers_.status();
  verdict = registers_.write_status(value);
  if ((registers_.status() & ~before & virtio::kDriverOk) == 0) return Next::nothing;
  phase_ = Phase::activating;
  return Next::activate;
}

void TransportState::activate() {
  auto activation = prove_queues();
  if (!activation) {
    faults_.report("cannot be activated: {}", activation.error());
    return refuse_activation();
  }
  layout_.open_doorbells(activation->queues);
  {
    MutexLock lock(mutex_);
    live_.store(true);
  }
  device_.activate(std::move(*activation));
  end_activation(Phase::active);
}

std::expected<Activation, std::string> TransportState::prove_queues() {
  Activation activation;
  std::vector<TransportRegisters::Queue> queues;
  {
    MutexLock lock(mutex_);
    activation.features = registers_.driver_features();
    queues.assign(registers_.queues().begin(), registers_.queues().end());
  }
  const auto has = [&](std::uint64_t feature) { return (activation.features & feature) != 0; };
  for (std::size_t i = 0; i < queues.size(); ++i) {
    const TransportRegisters::Queue& queue = queues[i];
    if (!queue.enabled) continue;
    auto ring = Virtqueue::create({.size = queue.size,
                                   .descriptor_area = GuestAddress(queue.desc),
                                   .driver_area = GuestAddress(queue.driver),
                                   .device_area = GuestAddress(queue.device),
                                   .packed = has(virtio::kFeatureRingPacked),
                                   .indirect = has(virtio::kFeatureIndirectDesc),
                                   .event_idx = has(virtio::kFeatureEventIdx)},
                                  memory_);
    if (!ring) return std::unexpected(fmt::format("queue {}: {}", i, ring.error()));
    ring->count_on(counters_[i]);
    activation.queues.push_back({.index = static_cast<std::uint16_t>(i),
                                 .ring = std::move(*ring),
                                 .kick = &kicks_[i],
                                 .counters = &counters_[i]});
  }
  return activation;
}

// 2.1.2: the driver learns of it by the status and a configuration interrupt.
void TransportState::refuse_activation() {
  {
    MutexLock lock(mutex_);
    registers_.set_needs_reset();
    isr_.fetch_or(kIsrConfig);
  }
  layout_.interrupt_config();
  end_activation(Phase::inactive);
  if (on_needs_reset_) on_needs_reset_();
}

void TransportState::end_activation(Phase phase) {
  bool reset_wanted = false;
  {
    MutexLock lock(mutex_);
    phase_ = phase;
    reset_wanted = std::exchange(reset_wanted_, false);
    phase_changed_.notify_all();
  }
  if (reset_wanted) begin_reset();
}

IoStatus TransportState::begin_reset() {
  bool was_active = false;
  {
    MutexLock lock(mutex_);
    if (phase_ == Phase::activating || phase_ == Phase::resetting) return IoStatus::busy;
    was_active = phase_ == Phase::active;
    phase_ = Phase::resetting;
  }
  if (was_active) {
    // First, so that no notification is taken by a kick that nobody waits for any more.
    layout_.close_doorbells();
    device_.reset([this] { finish_reset(); });
  } else {
    finish_reset();
  }
  MutexLock lock(mutex_);
  return phase_ == Phase::resetting ? IoStatus::busy : IoStatus::ok;
}

// The device is quiet. Nothing of this object is touched after the last unlock: the destructor may
// be waiting for it.
void TransportState::finish_reset() {
  bool was_live = false;
  {
    MutexLock lock(mutex_);
    was_live = live_.exchange(false);
    isr_.store(0);
  }
  // What was notified too late is not the next driver's.
  for (std::size_t i = 0; was_live && i < kicks_.size(); ++i)
    kicks_[i].consume();
  layout_.reset_layout();
  MutexLock lock(mutex_);
  registers_.reset();
  phase_ = Phase::inactive;
  phase_changed_.notify_all();
}

void TransportState::reset() {
  {
    MutexLock lock(mutex_);
    if (phase_ == Phase::activating) {
      reset_wanted_ = true;
      return;
    }
  }
  begin_reset();
}

void TransportState::quiesce() {
  for (;;) {
    if (begin_reset() == IoStatus::ok) return;
    mutex_.lock();
    while (phase_ == Phase::activating || phase_ == Phase::resetting)
      phase_changed_.wait(mutex_);
    const bool is_quiet = phase_ == Phase::inactive;
    mutex_.unlock();
    if (is_quiet) return;
  }
}

void TransportState::notify(std::uint64_t queue) noexcept {
  if (queue >= kicks_.size() || !live_.load()) {
    faults_.report("queue {} notified{}", queue,
                   queue < kicks_.size() ? " without DRIVER_OK" : "; there is no such queue");
    return;
  }
  if (device_.take_notification(static_cast<std::uint16_t>(queue))) return;
  kicks_[static_cast<std::size_t>(queue)].signal();
}

void TransportState::signal_queue(std::uint16_t queue) noexcept {
  if (!live_.load(std::memory_order_relaxed)) return;
  if (queue < counters_.size()) counters_[queue].interrupts.add(1);
  layout_.interrupt_queue(queue);
}

DeviceStats TransportState::stats() const {
  DeviceStats stats;
  stats.name = device_.name();
  stats.kind = virtio::kind_name(device_.device_id());
  stats.guest_faults = faults_.count() + device_.guest_faults();
  {
    MutexLock lock(mutex_);
    stats.needs_reset = (registers_.status() & virtio::kNeedsReset) != 0;
  }
  for (std::size_t i = 0; i < counters_.size(); ++i) {
    stats.queues.push_back({.index = static_cast<std::uint16_t>(i),
                            .notifications = counters_[i].notifications.value(),
                            .requests = counters_[i].requests.value(),
                            .interrupts = counters_[i].interrupts.value()});
  }
  return stats;
}

void TransportState::signal_config() noexcept {
  {
    MutexLock lock(mutex_);
    registers_.next_generation();
    if (!live_.load()) return;
    isr_.fetch_or(kIsrConfig);
  }
  layout_.interrupt_config();
}

void TransportState::needs_reset(std::string_view why) noexcept {
  {
    MutexLock lock(mutex_);
    if (!live_.load() || (registers_.status() & virtio::kNeedsReset) != 0) return;
    registers_.set_needs_reset();
    isr_.fetch_or(kIsrConfig);
  }
  faults_.report("needs a reset: {}", why);
  layout_.interrupt_config();
  if (on_needs_reset_) on_needs_reset_();
}

}  // namespace skiff
