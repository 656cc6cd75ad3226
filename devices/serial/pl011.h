// A PL011 serial port, the console of boards without I/O ports.
//
// Document: ARM DDI 0183 (PrimeCell UART (PL011) Technical Reference Manual), r1p5.
//
// Modelled: all registers, the 32-character receive FIFO with its trigger levels, the eleven
// interrupts, loop-back, break, modem status (a null modem: CTS, DSR and DCD are on).
// Not modelled: baud rate, word length and parity (the line is 8 bits clean and infinitely fast),
// DMA, IrDA, the break this end sends, hardware flow control.
//
// Where an infinitely fast line needs a decision, it is that of the 16550 (uart_16550.h):
// - The receive time-out interrupt is raised as soon as characters are there.
// - The transmit FIFO empties at once into the sink. While the sink has no room FR.TXFF and BUSY
//   read 1, the transmit interrupt is withheld until on_transmit_room(), and a write of DR all the
//   same is answered `busy`: nothing is ever lost.
// - Characters come in only while the guest listens: the UART and its receiver are on, and receive
//   interrupts can reach it, or it polls (two reads in a row of an FR that shows no character).
//   Linux throws away what came before it has opened the port.
//
// Accesses of 1, 2 and 4 bytes at a register's offset are taken, as its drivers use all three.
//
// Config example (a board without I/O ports makes a PL011 of it; see docs/config.md):
//   [[serial]]
//   unit = 2
//   target = "file"
//   path = "second.log"
//
// Thread rule: read, write, receive, receive_break and on_transmit_room from any threads at once.
// All registers are guarded by mutex_; wire, sink and listener are called after it is released.
// set_room_listener before other threads use the device.
#pragma once

#include <string>

#include "devices/serial/pl011_fifo.h"
#include "vmm/base/log.h"
#include "vmm/base/mutex.h"
#include "vmm/io/byte_channel.h"
#include "vmm/io/io_device.h"
#include "vmm/io/irq_line.h"

namespace skiff {

class Pl011 final : public IoDevice, public CharacterDevice {
 public:
  struct State {
    std::uint8_t rsr = 0;
    std::uint8_t ilpr = 0;
    std::uint16_t ibrd = 0;
    std::uint8_t fbrd = 0;
    std::uint8_t lcr_h = 0;
    std::uint16_t cr = 0x300;
    std::uint8_t ifls = 0x12;
    std::uint16_t imsc = 0;
    std::uint16_t ris = 0;
    std::uint8_t dmacr = 0;
    Pl011Fifo receive_fifo;
    std::uint8_t idle_polls = 0;     // 2: the guest waits for input by polling
    bool transmit_awaited = false;   // the transmit interrupt waits for room in the sink
    bool break_waiting = false;      // a break that found no room in the FIFO
    bool receive_room_owed = false;  // the listener was refused and must hear of room
    friend bool operator==(const State&, const State&) = default;
  };

  // `irq` may be null (no interrupt). `sink` outlives the device.
  Pl011(std::string name, IrqSink* irq, ByteSink& sink);

  // Told when receive() takes bytes again after it took fewer than offered. May be null.
  void set_room_listener(ReceiveRoomListener* listener) override { listener_ = listener; }
  // For the sink's owner: the sink has become writable. Spurious calls are harmless.
  void on_transmit_room() noexcept override SKIFF_EXCLUDES(mutex_);

  std::string_view name() const override { return name_; }
  IoStatus read(IoAccess access, std::uint64_t& value) override;
  IoStatus write(IoAccess access, std::uint64_t value) override;
  std::string_view register_name(std::uint64_t offset, bool is_write) const override;

  std::size_t receive(std::span<const std::byte> bytes) noexcept override;
  // Two breaks that both find no room are one.
  void receive_break() noexcept override;

  State state() const SKIFF_EXCLUDES(mutex_);
  std::uint64_t guest_faults() const { return faults_.count(); }

 private:
  // What is left to do after unlocking.
  struct Actions {
    bool sync_irq = false;
    bool receive_room = false;
  };

  bool check(IoAccess access, IoStatus& status);
  std::uint32_t read_register(std::uint64_t offset, bool transmitter_empty) SKIFF_REQUIRES(mutex_);
  void write_register(std::uint64_t offset, std::uint32_t value, bool transmitter_empty)
      SKIFF_REQUIRES(mutex_);
  std::uint32_t read_data() SKIFF_REQUIRES(mutex_);
  std::uint32_t read_flags(bool transmitter_empty) SKIFF_REQUIRES(mutex_);
  void write_control(std::uint16_t value) SKIFF_REQUIRES(mutex_);
  std::uint16_t modem_lines() const SKIFF_REQUIRES(mutex_);
  void note_poll(bool idle) SKIFF_REQUIRES(mutex_);

  bool in_loopback() const SKIFF_REQUIRES(mutex_);
  bool is_listening() const SKIFF_REQUIRES(mutex_);
  unsigned capacity() const SKIFF_REQUIRES(mutex_);
  unsigned trigger_level() const SKIFF_REQUIRES(mutex_);
  unsigned receive_room() const SKIFF_REQUIRES(mutex_);
  void push(std::uint16_t character) SKIFF_REQUIRES(mutex_);
  void raise_receive_interrupts() SKIFF_REQUIRES(mutex_);
  void transmitter_emptied(bool transmitter_empty) SKIFF_REQUIRES(mutex_);
  bool wanted_level() const SKIFF_REQUIRES(mutex_);
  Actions settle() SKIFF_REQUIRES(mutex_);
  void act(const Actions& actions) SKIFF_EXCLUDES(mutex_);
  IoStatus transmit(std::uint8_t character) SKIFF_EXCLUDES(mutex_);

  const std::string name_;
  ByteSink& sink_;
  ReceiveRoomListener* listener_ = nullptr;  // const once other threads run
  mutable Mutex mutex_;
  State state_ SKIFF_GUARDED_BY(mutex_);
  bool settled_level_ SKIFF_GUARDED_BY(mutex_) = false;  // wanted_level() as of the last settle()
  GuestFaultLog faults_;
  IrqLine irq_;
};

}  // namespace skiff
