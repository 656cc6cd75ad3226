// One receive virtqueue: frames from the back-end straight into the driver's buffers (5.1.6.3,
// 5.1.6.4).
//
//   posted   popped chains, oldest first: the room the next frame is received into
//   spill    the end of that room: what the driver's buffers were too small for; it moves into
//            chains made available later, so that a frame is received without asking its size first
//   held     a frame that was received, and waits for tokens or for buffers
//
// Thread rule: the executor's thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "virtio/core/virtio_device.h"
#include "virtio/net/receive_filter.h"
#include "vmm/base/log.h"
#include "vmm/base/traffic_limit.h"
#include "vmm/net/net_backend.h"

namespace skiff {

class ReceiveQueue {
 public:
  // One call of run(): at most so many frames, and an interrupt after so many bytes.
  static constexpr int kRound = 64;
  static constexpr std::size_t kPublishBytes = 64 * 1024;

  // Of the whole device, and changed by it between two runs.
  struct Settings {
    bool mergeable = false;                // MRG_RXBUF
    bool link = true;                      // down: frames are lost
    std::size_t longest = kMaxFrameSize;   // of a frame that is no segment to be cut further
    std::size_t expected = kMaxFrameSize;  // room for a frame as it usually comes
    ReceiveFilter filter;
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
    idle,     // no frame is there: want to hear of one
    starved,  // no buffers: the driver will notify
    limited,  // run again at retry_at()
    more,     // the round is over: run again soon
    closed,   // the back-end is gone
    broken,   // the driver broke its ring
  };

  ReceiveQueue(const Context& context, ActiveQueue& queue, std::uint16_t pair);

  Outcome run();
  Clock::Nanoseconds retry_at() const { return retry_at_; }

 private:
  struct Held {
    std::size_t size = 0;     // header and frame
    std::size_t in_room = 0;  // of it in posted chains
    bool paid = false;
  };
  enum class Step : std::uint8_t { delivered, dropped, idle, starved, limited, closed, broken };

  Step step();
  Step receive();
  bool is_wanted(std::size_t size) const;
  Step deliver();
  Step give_buffers();
  PopResult post_one();
  void take_front(std::size_t chains);
  void publish();
  DescriptorChain& posted(std::size_t index) { return chains_[(first_ + index) % chains_.size()]; }

  const Context context_;
  ActiveQueue& queue_;
  const std::uint16_t pair_;
  std::vector<DescriptorChain> chains_;  // a ring
  std::size_t first_ = 0;
  std::size_t count_ = 0;
  std::size_t room_ = 0;  // writable bytes of the posted chains
  std::unique_ptr<std::byte[]> spill_;
  std::vector<iovec> buffers_;
  std::optional<Held> held_;
  std::size_t unpublished_ = 0;  // bytes
  Clock::Nanoseconds retry_at_{0};
};

}  // namespace skiff
