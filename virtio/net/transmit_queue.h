// One transmit virtqueue: frames from the driver's buffers straight into the back-end (5.1.6.2).
// Thread rule: the executor's thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "virtio/core/virtio_device.h"
#include "vmm/base/bits.h"
#include "vmm/base/log.h"
#include "vmm/base/traffic_limit.h"
#include "vmm/net/net_backend.h"

namespace skiff {

class TransmitQueue {
 public:
  // Frames between two flushes, and what they may hold [bytes]: few enough that a driver that waits
  // for half of what it has put in wakes while the other half is still sent. And flushes in one
  // call of run().
  static constexpr std::size_t kBatch = 16;
  static constexpr std::size_t kBatchBytes = 256 * KiB;
  static constexpr int kRounds = 16;

  // Of the whole device, and changed by it between two runs.
  struct Settings {
    bool link = true;  // down: frames are lost
    NetOffloads offloads;
  };
  struct Context {
    NetBackend& backend;
    VirtioInterrupts& interrupts;
    const Settings& settings;
    TrafficLimit& limit;
    const Clock& clock;
    GuestFaultLog& faults;
  };

  enum class Outcome : std::uint8_t {
    idle,     // nothing more: the driver will notify
    full,     // the back-end takes no more until on_sendable
    limited,  // run again at retry_at()
    more,     // the turn is over: run again soon
    broken,   // the driver broke its ring
  };

  TransmitQueue(const Context& context, ActiveQueue& queue, std::uint16_t pair);

  Outcome run();
  Clock::Nanoseconds retry_at() const { return retry_at_; }

 private:
  // A frame between pop and complete.
  struct Slot {
    DescriptorChain chain;
    NetFrameHeader header;  // checked; what the back-end sees
  };

  Outcome batch();
  // What became of the frame in `slot`: idle for "done with it".
  Outcome send(Slot& slot);
  void finish();

  const Context context_;
  ActiveQueue& queue_;
  const std::uint16_t pair_;
  std::vector<Slot> slots_;
  std::size_t filled_ = 0;
  bool holds_last_ = false;  // slots_[filled_] was popped, and waits
  bool paid_ = false;        // it has its tokens
  std::vector<iovec> buffers_;
  Clock::Nanoseconds retry_at_{0};
};

}  // namespace skiff
