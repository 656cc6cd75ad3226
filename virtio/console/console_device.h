// A virtio console with one or more ports, each one end of a character stream.
//
// Document: Virtual I/O Device (VIRTIO) 1.2, 5.3.
//
// One console port without a name is the plain device: two queues, no VIRTIO_CONSOLE_F_MULTIPORT,
// so that the simplest drivers work. Anything else is multiport; a driver that does not negotiate
// it gets port 0 alone.
//
// Modelled: F_SIZE, F_MULTIPORT, F_EMERG_WRITE (to port 0's sink; what that has no room for is
// lost), port names, console and plain ports, PORT_OPEN both ways, resizing.
// Not modelled: PORT_REMOVE (ports do not come and go), a break (the device has none: Linux takes
// Ctrl-O for SysRq on a console port).
//
// Where the document leaves a choice:
// - Output waits for the sink: a transmit buffer is given back when its last byte is taken, and
//   until then the driver's queue fills. Nothing is dropped. What the driver had offered when it
//   resets the device still goes out, as far as the sink takes it at once.
// - Input waits for the guest, like that of the 16550: it enters receive buffers only between the
//   driver's PORT_OPEN(1) and PORT_OPEN(0); without multiport whenever there are buffers. Up to
//   InputRing::kCapacity bytes per port wait inside, through a reset of the device too.
// - Control messages that the driver has no buffers for are not queued: what is owed is a few flags
//   per port, the newest value is sent, and each at most once.
// - RESIZE carries cols before rows, as the document has it (5.3.6.2). Linux before 6.15 reads them
//   the other way round; a device without multiport is not affected.
//
// Config example (docs/virtio-console.md):
//   [[virtio_console]]
//   target = "console"
//
// Thread rule: as VirtioDevice says; the ports' CharacterDevice methods from any threads at once.
// All work is done on the executor's thread, which other threads wake through one eventfd.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "virtio/console/console_control.h"
#include "virtio/console/console_port.h"
#include "virtio/core/queue_service.h"
#include "virtio/core/virtio_device.h"
#include "vmm/base/clock.h"
#include "vmm/base/event_fd.h"
#include "vmm/base/log.h"
#include "vmm/io/byte_channel.h"
#include "vmm/io/executor.h"

namespace skiff {

struct ConsolePortOptions {
  std::string name{};        // UTF-8, for /dev/virtio-ports/NAME; empty: none. At most kMaxNameSize
  bool is_console = true;    // hvcN; else a plain port, /dev/vportNpM
  ByteSink* sink = nullptr;  // outlives the device; not null
};

class ConsoleDevice final : public VirtioDevice {
 public:
  static constexpr std::size_t kMaxPorts = 31;
  static constexpr std::size_t kMaxNameSize = 255;  // [bytes]

  // A sink that takes nothing, and yet says that it is writable, does not know when it will: it is
  // offered the rest again after this time.
  static constexpr Clock::Nanoseconds kRetryPeriod = std::chrono::milliseconds(5);

  // At least one port. Throws ConfigError for too many ports or a name that is too long, and
  // HostError.
  ConsoleDevice(std::string name, std::span<const ConsolePortOptions> ports, Executor& executor,
                const Clock& clock);
  ~ConsoleDevice() override;

  std::size_t port_count() const { return ports_.size(); }
  CharacterDevice& port(std::size_t index) { return *ports_[index]; }

  std::string_view name() const override { return name_; }
  std::uint32_t device_id() const override;
  std::uint64_t features() const override;
  std::span<const std::uint16_t> queue_sizes() const override { return queue_sizes_; }
  void read_config(std::uint64_t offset, std::span<std::byte> out) const override;
  void write_config(std::uint64_t offset, std::span<const std::byte> data) override;
  void activate(Activation activation) override;
  void reset(std::function<void()> done) override;

  std::uint64_t guest_faults() const override { return faults_.count(); }

 private:
  bool offers_multiport() const { return queue_sizes_.size() > 2; }

  void on_start();
  void on_stop();
  void send_last_output();
  void on_kick(ActiveQueue& queue);
  void on_wake();
  // Without multiport port 0 alone.
  std::size_t served_ports() const { return multiport_ ? ports_.size() : 1; }
  void move_output(std::size_t port);
  void move_all_output();
  void move_input(std::size_t port);
  void after(ActiveQueue& queue, const ConsolePort::Moved& moved);
  void tell_size();
  void note_first_output();
  void read_control(ActiveQueue& queue);
  void hear(const virtio_console::ControlMessage& message);
  void send_control();
  std::uint32_t write_control(const virtio_console::ControlMessage& message);
  void fail(std::string_view why);
  void report_failure(std::string_view why);

  const std::string name_;
  const Clock& clock_;
  std::atomic<bool> closing_{false};  // the destructor has begun
  const EventFd wake_;                // something reached a port from another thread
  std::vector<std::unique_ptr<ConsolePort>> ports_;
  std::vector<std::uint16_t> queue_sizes_;
  GuestFaultLog faults_;

  // Executor's thread.
  std::unique_ptr<Watch> wake_watch_;
  std::unique_ptr<Timer> retry_timer_;
  bool multiport_ = false;  // negotiated
  bool has_sent_ = false;   // this driver, without multiport
  bool broken_ = false;     // a ring: nothing is taken from any of them
  ConsoleControl control_;
  DescriptorChain control_chain_;

  QueueService service_;  // last: its destructor ends all work
};

}  // namespace skiff
