// What both register layouts of virtio share: device status, feature negotiation, queue registers,
// configuration generation, interrupt status, and the life of the device behind them. A layout
// (TransportLayout) adds where its registers lie and how its interrupts and doorbells work.
//
// Modelled: VIRTIO 1.2, 2.1 (status), 2.2 (features), 2.4 (reset), 2.5.1 (generation), 3.1.1.
// Offered beside the device's own features: VERSION_1 and INDIRECT_DESC always, EVENT_IDX and
// RING_PACKED by option. Not: RING_RESET, NOTIFICATION_DATA, IN_ORDER (docs/virtio-transport.md).
//
//                 DRIVER_OK, queues sound                       device.activate returned
//   [inactive] ----------------------------> [activating] ----------------------------> [active]
//       ^  |  ^                                                                            |
//       |  |  | done                                                       status = 0      |
//       |  |  +------------------------------ [resetting] <--------------------------------+
//       +--+ DRIVER_OK, a queue unsound: NEEDS_RESET
//
// activate and reset of the device are called in turn, once each, by the thread that moved the
// phase out of inactive or active under the mutex: no second one can. A status write that comes
// meanwhile is answered `busy` and made again by its vCPU. A reset is over when the device says so:
// until then the write of 0 is answered `busy`, afterwards every register has its initial value.
//
// Two vCPUs on all registers at once: each access is one critical section of mutex_, whose
// selectors, sizes and indices are checked inside it; what comes out is some order of the accesses,
// as on a bus. No lock is held while the device, the layout or a wire is called, so nothing can
// deadlock. From DRIVER_OK to the reset the queue registers are read-only, and activation works on
// a copy of them.
//
// Guest faults: refused writes are dropped, counted, the first logged.
//
// Thread rule: everything from any thread. notify and signal_queue take no lock. The destructor
// resets the device and waits until it is quiet, so the device's executor must still run then, or
// the device be inactive; no vCPU runs any more.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "virtio/core/transport_registers.h"
#include "virtio/core/virtio_device.h"
#include "vmm/base/event_fd.h"
#include "vmm/base/log.h"
#include "vmm/base/mutex.h"
#include "vmm/io/device_stats.h"
#include "vmm/io/guest_memory.h"
#include "vmm/io/io_access.h"

namespace skiff {

// Features of the ring that are offered to the driver.
struct TransportOptions {
  bool event_idx = true;  // VIRTIO_F_EVENT_IDX: fewer notifications and interrupts
  bool packed = false;    // VIRTIO_F_RING_PACKED: drivers that know it take it
  // The device has become one that needs a reset. Any thread, without a lock; must not block. May
  // be empty.
  std::function<void()> on_needs_reset{};
};

// The half of a transport that TransportState calls; never with a lock held.
class TransportLayout {
 public:
  virtual ~TransportLayout() = default;
  // The device is about to be activated with these queues: attach their doorbells.
  virtual void open_doorbells(std::span<const ActiveQueue> queues) = 0;
  // The device is about to be reset: detach them.
  virtual void close_doorbells() = 0;
  // Tell the driver. The interrupt status's configuration bit is already set; its queue bit is the
  // layout's to set (raise_isr), where it uses it.
  virtual void interrupt_queue(std::uint16_t queue) noexcept = 0;
  virtual void interrupt_config() noexcept = 0;
  // The device is quiet, the interrupt status zero: the layout's own registers become initial, and
  // its wire falls.
  virtual void reset_layout() = 0;
};

// Interrupt status bits (4.1.4.5, 4.2.2).
inline constexpr std::uint8_t kIsrQueue = 1;
inline constexpr std::uint8_t kIsrConfig = 2;

class TransportState final : public VirtioInterrupts {
 public:
  // All outlive this object. Makes one kick per queue: throws HostError where descriptors run out,
  // ConfigError for a device with more than `kMaxQueues` queues.
  TransportState(VirtioDevice& device, const GuestMemory& memory, const TransportOptions& options,
                 TransportLayout& layout);
  ~TransportState() override;
  TransportState(const TransportState&) = delete;
  TransportState& operator=(const TransportState&) = delete;

  static constexpr std::size_t kMaxQueues = 1024;

  // A register as the guest sees it. A read of a write-only one is the layout's to refuse, as is
  // the other way round; here it would read the value and drop the write.
  std::uint64_t read(TransportRegister reg, RegisterPart part = RegisterPart::whole) const;
  // `value` unshifted, at most as wide as the part. ok or busy; what is refused is dropped (ok).
  IoStatus write(TransportRegister reg, std::uint64_t value,
                 RegisterPart part = RegisterPart::whole);

  // The driver notifies of a queue; `queue` is what the guest wrote.
  void notify(std::uint64_t queue) noexcept;

  // Interrupt status, for layouts that show it. raise: true if a bit was not set before (then the
  // wire must be synced). take: all of it, cleared by that.
  bool raise_isr(std::uint8_t bits) noexcept { return (isr_.fetch_or(bits) & bits) != bits; }
  void clear_isr(std::uint8_t bits) noexcept { isr_.fetch_and(static_cast<std::uint8_t>(~bits)); }
  std::uint8_t take_isr() noexcept { return isr_.exchange(0); }
  std::uint8_t isr() const noexcept { return isr_.load(); }

  // Starts a reset, as the write of 0 does; it may be over before this returns.
  void reset();
  // Resets and waits until the device is quiet. Not on the device's executor.
  void quiesce();

  // VirtioInterrupts, called by the device.
  void signal_queue(std::uint16_t queue) noexcept override;
  void signal_config() noexcept override;
  void needs_reset(std::string_view why) noexcept override;

  VirtioDevice& device() { return device_; }
  const VirtioDevice& device() const { return device_; }
  std::size_t queues() const { return kicks_.size(); }
  // Since this object was made. Any thread.
  DeviceStats stats() const;
  GuestFaultLog& faults() { return faults_; }
  const GuestFaultLog& faults() const { return faults_; }

 private:
  enum class Phase : std::uint8_t { inactive, activating, active, resetting };
  // What a status write other than 0 asks for next.
  enum class Next : std::uint8_t { nothing, wait, activate };

  Next take_status(std::uint8_t value, StatusVerdict& verdict) SKIFF_EXCLUDES(mutex_);
  IoStatus write_status(std::uint64_t value) SKIFF_EXCLUDES(mutex_);
  void activate() SKIFF_EXCLUDES(mutex_);
  std::expected<Activation, std::string> prove_queues() SKIFF_EXCLUDES(mutex_);
  void refuse_activation() SKIFF_EXCLUDES(mutex_);
  void end_activation(Phase phase) SKIFF_EXCLUDES(mutex_);
  IoStatus begin_reset() SKIFF_EXCLUDES(mutex_);
  void finish_reset() SKIFF_EXCLUDES(mutex_);

  VirtioDevice& device_;
  const GuestMemory& memory_;
  TransportLayout& layout_;
  const std::vector<EventFd> kicks_;     // one per queue
  std::vector<QueueCounters> counters_;  // likewise
  const std::function<void()> on_needs_reset_;
  GuestFaultLog faults_;

  std::atomic<std::uint8_t> isr_{0};
  // From before device.activate until its reset is done: notifications and interrupts pass.
  std::atomic<bool> live_{false};  // written under mutex_

  mutable Mutex mutex_;
  ConditionVariable phase_changed_;
  Phase phase_ SKIFF_GUARDED_BY(mutex_) = Phase::inactive;
  bool reset_wanted_ SKIFF_GUARDED_BY(mutex_) = false;  // by reset(), while activating
  TransportRegisters registers_ SKIFF_GUARDED_BY(mutex_);
};

}  // namespace skiff
