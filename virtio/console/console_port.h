// One port of a virtio console: a character stream between the outside and two queues, which the
// device gives it when one of them was kicked or the port asked for its turn.
//
//   receive (any thread) -> InputRing -> [wake] -> executor: move_input -> receive buffers
//   transmit buffers -> executor: move_output -> sink; what it does not take stays in its buffer
//   on_transmit_room (any thread) -> [wake] -> executor: move_output
//
// Thread rule: CharacterDevice's methods and window_size from any thread; all else on the
// executor's. The two meet in the ring and in the window's size, which is atomic.
// Source: Virtual I/O Device (VIRTIO) 1.2, 5.3.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "virtio/console/input_ring.h"
#include "virtio/ring/virtqueue.h"
#include "vmm/base/event_fd.h"
#include "vmm/base/log.h"
#include "vmm/io/byte_channel.h"

namespace skiff {

struct WindowSize {
  std::uint16_t columns = 0;  // 0: unknown
  std::uint16_t rows = 0;
  friend bool operator==(const WindowSize&, const WindowSize&) = default;
};

class ConsolePort final : public CharacterDevice {
 public:
  // What became of a queue.
  enum class Progress {
    settled,  // nothing to do until the driver, the sink or the outside says more
    more,     // there is more, but others of this executor are to have their turn first
    broken,   // the ring; nothing more is to be done with it
  };
  struct Moved {
    Progress progress = Progress::settled;
    bool interrupt = false;  // the driver wants one for what was completed
  };

  // `wake` is signalled when the executor has something to do. Both outlive the port.
  ConsolePort(std::string name, bool is_console, ByteSink& sink, const EventFd& wake);

  const std::string& name() const { return name_; }
  bool is_console() const { return is_console_; }
  ByteSink& sink() { return sink_; }
  WindowSize window_size() const;

  std::size_t receive(std::span<const std::byte> bytes) noexcept override;
  void receive_break() noexcept override {}
  void set_room_listener(ReceiveRoomListener* listener) override { listener_ = listener; }
  void on_transmit_room() noexcept override;
  bool is_transmit_idle() noexcept override;
  void on_window_size(std::uint16_t columns, std::uint16_t rows) noexcept override;

  // True once after the window's size was set.
  bool take_resized() { return resized_.exchange(false); }
  // From the transmit queue to the sink, as much as that takes.
  Moved move_output(Virtqueue& queue, GuestFaultLog& faults);
  // A transmit buffer waits for room in the sink.
  bool is_sending() const { return is_sending_; }
  // From outside to the receive queue, as much as there are buffers for.
  Moved move_input(Virtqueue& queue, GuestFaultLog& faults);
  // To whoever has asked is_transmit_idle, after move_output.
  void answer_idle();
  void meet_driver();
  // The driver has gone: forgets what is left of a transmit buffer. Input stays.
  void forget_driver();

 private:
  // Offers what is left of sending_, at most `budget` bytes, which it lessens.
  enum class Sent { all, blocked, budget_spent };
  Sent send(std::size_t& budget);

  const std::string name_;
  const bool is_console_;
  ByteSink& sink_;
  const EventFd& wake_;
  ReceiveRoomListener* listener_ = nullptr;  // const once other threads run

  InputRing input_;
  std::atomic<std::uint32_t> window_size_{0};  // columns, rows in the upper half
  std::atomic<bool> resized_{false};
  std::atomic<bool> has_driver_{false};
  std::atomic<bool> idle_asked_{false};
  std::atomic<bool> idle_{false};  // the last answer

  DescriptorChain receiving_;
  DescriptorChain sending_;
  bool has_more_output_ = false;  // as of the last move_output
  bool is_sending_ = false;       // sending_ is popped and not completed
  std::size_t sent_buffers_ = 0;  // of sending_, whole ones
  std::size_t sent_bytes_ = 0;    // of the buffer after those
};

}  // namespace skiff
