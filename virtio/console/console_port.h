// One port of a virtio console: its character stream, and what the driver has said about it. The
// device serves its queues and its control messages.
//
//   receive (any thread) -> InputRing -> [wake] -> executor: move_input -> receive buffers
//   transmit buffers -> executor: move_output -> sink; what it does not take stays in its buffer
//   on_transmit_room (any thread) -> [wake] -> executor: move_output
//
// Thread rule: CharacterDevice's methods and window_size from any thread; all else on the
// executor's. The two meet in the ring, and in the window's size, an atomic.
// Source: Virtual I/O Device (VIRTIO) 1.2, 5.3.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

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
    more,     // there is more, but others are to have their turn first
    broken,   // the ring; nothing more is to be done with it
  };
  struct Moved {
    Progress progress = Progress::settled;
    bool interrupt = false;  // the driver wants one for what was completed
  };

  // Everything the driver and the device have to say about a port; executor's thread.
  struct Control {
    bool ready = false;       // the driver has it (PORT_READY)
    bool guest_open = false;  // the driver has it open (PORT_OPEN)
    // Messages owed to the driver, in the order they are sent.
    bool owes_add = false;
    bool owes_console = false;
    bool owes_name = false;
    bool owes_open = false;
    bool owes_resize = false;
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
  void on_window_size(std::uint16_t columns, std::uint16_t rows) noexcept override;

  // Between a start and its stop.
  Control control;
  // True once after the window's size was set.
  bool take_resized() { return resized_.exchange(false); }
  Moved move_output(Virtqueue& queue, GuestFaultLog& faults);
  Moved move_input(Virtqueue& queue, GuestFaultLog& faults);
  // Forgets the driver: control and what is left of a transmit buffer. Input stays.
  void reset();

 private:
  // True when the sink has taken all of sending_.
  bool send();

  const std::string name_;
  const bool is_console_;
  ByteSink& sink_;
  const EventFd& wake_;
  ReceiveRoomListener* listener_ = nullptr;  // const once other threads run

  InputRing input_;
  std::atomic<std::uint32_t> window_size_{0};  // columns, rows in the upper half
  std::atomic<bool> resized_{false};

  DescriptorChain receiving_;
  DescriptorChain sending_;
  bool is_sending_ = false;       // sending_ is popped and not completed
  std::size_t sent_buffers_ = 0;  // of sending_, whole ones
  std::size_t sent_bytes_ = 0;    // of the buffer after those
};

}  // namespace skiff
