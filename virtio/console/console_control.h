// The conversation over the control queues: what the driver has said about the ports, and what the
// device still has to say to it. Pure: messages in, messages out.
//
//   driver: DEVICE_READY       -> PORT_ADD for each port
//   driver: PORT_READY(port)   -> CONSOLE_PORT, PORT_NAME, PORT_OPEN, RESIZE of that port
//   driver: PORT_OPEN(port, n) -> the port is open in the guest, or not
//
// What is owed is a flag per port and event, however often it came to be owed: a driver that asks
// and never takes the answer costs nothing.
//
// Thread rule: one thread.
// Source: Virtual I/O Device (VIRTIO) 1.2, 5.3.5 (initialization), 5.3.6.2 (control messages).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "virtio/console/console_regs.h"

namespace skiff {

class ConsoleControl {
 public:
  struct PortFacts {
    bool is_console = false;
    bool has_name = false;
  };
  enum class Heard {
    understood,
    opened,        // understood, and the port was opened by the guest
    no_such_port,  // ignored, as are the two below
    device_only,   // an event that only a device may send
    no_such_event,
    driver_failed,  // understood: the driver could not set up the device or the port
  };

  explicit ConsoleControl(std::span<const PortFacts> ports);

  // A driver has come or gone: nothing was said yet. `sizes`: VIRTIO_CONSOLE_F_SIZE is negotiated,
  // without which no RESIZE is owed.
  void reset(bool sizes);
  Heard hear(const virtio_console::ControlMessage& message);
  bool is_open(std::size_t port) const { return ports_[port].open; }
  // The window of a port has a new size: told now, and to each driver once its port is ready.
  void resized(std::size_t port);

  // What is to be said next; nothing if all was said.
  std::optional<virtio_console::ControlMessage> next() const;
  // It was.
  void said(const virtio_console::ControlMessage& message);

 private:
  struct Port {
    PortFacts facts;
    bool has_size = false;   // kept when the driver goes
    bool ready = false;      // PORT_READY
    bool open = false;       // PORT_OPEN
    std::uint16_t owed = 0;  // bit n: event n
  };
  static void owe(Port& port, virtio_console::Event event);
  void owe_size(Port& port) const;

  std::vector<Port> ports_;
  bool sizes_ = false;
};

}  // namespace skiff
