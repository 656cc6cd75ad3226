// What a transport asks of a virtio device, and what it gives it. A device knows no register
// layout, no address and no interrupt number.
//
//   attach -> [activate -> reset]... -> destroyed
//
// The transport calls activate when the driver sets DRIVER_OK, with every queue already proved
// sound, and reset whenever the driver (or the machine) wants the device quiet. Between the two the
// device's own executor thread owns the queues.
//
// Thread rule: name, device_id, features, queue_sizes and the configuration accesses from any
// thread; activate and reset are called from vCPU threads, never two at once; take_notification
// from vCPU threads, any number at once. Source: Virtual I/O Device (VIRTIO) 1.2, 2.1 (status), 2.4
// (reset), 2.5 (configuration space), 3.1.1 (driver initialization).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "virtio/ring/virtqueue.h"
#include "vmm/base/event_fd.h"
#include "vmm/io/guest_memory.h"

namespace skiff {

// The transport's half that a device calls. Thread rule: any thread, no lock of the device held.
// Calls while the device is not active do nothing but what is said.
class VirtioInterrupts {
 public:
  virtual ~VirtioInterrupts() = default;
  // Used buffer notification. Called when Virtqueue::publish said so, by the thread that owns the
  // queue.
  virtual void signal_queue(std::uint16_t queue) noexcept = 0;
  // Configuration change notification; also moves the configuration generation on.
  virtual void signal_config() noexcept = 0;
  // The driver broke something that only a reset mends: DEVICE_NEEDS_RESET and a configuration
  // change notification (2.1.2). `why` is for one rate-limited log line. The device stops touching
  // its queues by itself.
  virtual void needs_reset(std::string_view why) noexcept = 0;
};

// A queue the driver enabled.
struct ActiveQueue {
  std::uint16_t index;
  Virtqueue ring;
  const EventFd* kick;  // signalled when the driver notifies; lives until reset is done
  QueueCounters* counters = nullptr;  // null: nobody counts
  bool kicked_itself = false;

  // As if the driver had notified, behind what else the executor has to do.
  void serve_again() {
    kicked_itself = true;
    kick->signal();
  }
  // The kick was signalled and is looked at now. What the device signalled itself is none of the
  // driver's.
  void count_kick() {
    const bool own = kicked_itself;
    kicked_itself = false;
    if (!own && counters != nullptr) counters->notifications.add(1);
  }
};

struct Activation {
  std::uint64_t features = 0;  // negotiated: a subset of what was offered
  std::vector<ActiveQueue>
      queues;  // ascending by index; those the driver did not enable are absent
};

class VirtioDevice {
 public:
  virtual ~VirtioDevice() = default;

  // For logs and the exit ledger, e.g. "disk0". Constant.
  virtual std::string_view name() const = 0;
  // Device ID (5): 1 network, 2 block, 3 console, 4 entropy.
  virtual std::uint32_t device_id() const = 0;
  // Device-specific feature bits offered (bits 0 to 23, 50 and up); the transport adds the ring's
  // and VERSION_1. Constant.
  virtual std::uint64_t features() const = 0;
  // The largest size of each queue; their number is the device's number of queues. Constant.
  virtual std::span<const std::uint16_t> queue_sizes() const = 0;

  // Device configuration space (2.5). Any offset and length up to 8: bytes that do not exist read
  // as zero and swallow writes. Little-endian.
  virtual void read_config(std::uint64_t offset, std::span<std::byte> out) const = 0;
  virtual void write_config(std::uint64_t /*offset*/, std::span<const std::byte> /*data*/) {}

  // The driver is ready. Work starts on the device's executor; never blocks.
  virtual void activate(Activation activation) = 0;
  // What its driver did wrong, beside what the transport finds. Any thread.
  virtual std::uint64_t guest_faults() const { return 0; }

  // The driver has notified of this queue, on a vCPU's thread, without a doorbell. True: seen to,
  // on this thread; false: the kick is to be signalled. May come after a reset began, but not after
  // the device is destroyed. May take as long as the vCPU is to be kept.
  virtual bool take_notification(std::uint16_t /*queue*/) { return false; }

  // Ends all work. `done` is called exactly once, from any thread, perhaps before reset returns;
  // after it the device touches no queue, no kick and no guest memory, and is as before activate.
  // Also called when it is not active. Never blocks; I/O in flight is waited for or cancelled
  // behind it.
  virtual void reset(std::function<void()> done) = 0;

  // By the transport's constructor, and with null by its destructor.
  void attach(VirtioInterrupts* interrupts) { interrupts_ = interrupts; }

 protected:
  VirtioInterrupts* interrupts() const { return interrupts_; }

 private:
  VirtioInterrupts* interrupts_ = nullptr;  // const while the machine runs
};

}  // namespace skiff
