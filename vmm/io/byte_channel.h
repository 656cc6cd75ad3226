// The two halves of a character stream between a device (16550, debug port, virtio-console) and
// whatever is at the other end (stdio, a socket, a test).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace skiff {

// Where a device sends its bytes. Thread rule: any thread. Never blocks.
class ByteSink {
 public:
  virtual ~ByteSink() = default;
  // Takes as many bytes as it has room for and returns their number; never blocks.
  virtual std::size_t write(std::span<const std::byte> bytes) noexcept = 0;
  // Room for at least one byte, as far as can be told now.
  virtual bool writable() const noexcept = 0;
};

// A device that takes bytes from outside. Thread rule: any thread; called with no lock held.
class ByteReceiver {
 public:
  virtual ~ByteReceiver() = default;
  // Takes as many bytes as the device has room for and returns their number. If that is fewer than
  // offered, the caller keeps the rest and offers it again after the room callback it registered
  // with the device (see on_receive_room) has been called: not one byte is dropped.
  virtual std::size_t receive(std::span<const std::byte> bytes) noexcept = 0;
  // The line's break condition (SysRq over serial).
  virtual void receive_break() noexcept = 0;
};

// Told by a device that it has room for input again. Thread rule: called from a vCPU thread with no
// lock held; must not block.
class ReceiveRoomListener {
 public:
  virtual ~ReceiveRoomListener() = default;
  virtual void on_receive_room() noexcept = 0;
};

// A device that is one end of a character stream (16550, PL011, virtio-console port).
class CharacterDevice : public ByteReceiver {
 public:
  // Whom to call when there is room for input again; null for nobody. Set before the guest runs.
  virtual void set_room_listener(ReceiveRoomListener* listener) = 0;
  // The device's ByteSink, which had been full, takes bytes again. Any thread, no lock held.
  virtual void on_transmit_room() noexcept = 0;
  // Nothing that the guest has sent is still in the device, on its way to the sink. Asked again and
  // again when the guest has ended and no vCPU runs any more. Any thread, no lock held.
  virtual bool is_transmit_idle() noexcept { return true; }
  // The terminal at the other end has this size (0: unknown), for a device that can tell its guest.
  // Any thread, no lock held.
  virtual void on_window_size(std::uint16_t /*columns*/, std::uint16_t /*rows*/) noexcept {}
};

// One of a machine's character devices, by the name a person knows it by ("com1", "hvc0").
struct NamedCharacterDevice {
  std::string name;
  CharacterDevice* device = nullptr;
};

}  // namespace skiff
