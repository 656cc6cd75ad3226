// A 16550A serial port.
//
// Document: National Semiconductor PC16550D data sheet (TL/C/8652, June 1995).
//
// Modelled: all twelve registers, the 16-character receiver FIFO with its trigger levels, interrupt
// priorities, loop-back, break, modem status (a null modem: CTS, DSR and DCD are on), OUT2 as the
// PC's gate between INTR and the bus.
// Not modelled: baud rate, word length and parity (the line is 8 bits clean and infinitely fast),
// DMA mode, RXRDY and TXRDY pins, the break this end sends.
//
// Where an infinitely fast line needs a decision:
// - The character time-out interrupt is pending as soon as the FIFO holds fewer characters than its
//   trigger level: no more may come, and a driver handles it as it handles "data available".
// - The transmitter empties at once into the sink. While the sink has no room LSR.THRE and TEMT
// read
//   0, the THRE interrupt is withheld until on_transmit_room(), and a write of THR all the same is
//   answered `busy`: nothing is ever lost.
// - Characters come in only while the guest listens, as if the line had a flow control that every
//   guest can work: interrupts on received data can reach it (IER.ERBFI and MCR.OUT2), or it polls
//   (two reads in a row of an idle LSR, or of an IIR that would announce data). So what is typed or
//   piped in before an operating system opens the port is not thrown away when it resets the FIFOs.
//
// Config example (the board makes COM1 of it; see docs/config.md):
//   [[serial]]
//   port = "com1"
//
// Thread rule: read, write, receive, receive_break and on_transmit_room from any threads at once.
// All registers are guarded by mutex_; wire, sink and listener are called after it is released.
// set_room_listener before other threads use the device.
#pragma once

#include <string>

#include "devices/serial/receive_fifo.h"
#include "vmm/base/log.h"
#include "vmm/base/mutex.h"
#include "vmm/io/byte_channel.h"
#include "vmm/io/io_device.h"
#include "vmm/io/irq_line.h"

namespace skiff {

class Uart16550 final : public IoDevice, public CharacterDevice {
 public:
  struct State {
    std::uint8_t ier = 0;
    std::uint8_t fcr = 0;
    std::uint8_t lcr = 0;
    std::uint8_t mcr = 0;
    std::uint8_t scr = 0;
    std::uint8_t dll = 0;
    std::uint8_t dlm = 0;
    std::uint8_t lsr_errors = 0;     // OE, PE, FE, BI: cleared by a read of LSR
    std::uint8_t msr = 0xb0;         // CTS, DSR, DCD
    ReceiveFifo receive_fifo;        // in 16450 mode its top is RBR
    std::uint8_t idle_polls = 0;     // 2: the guest waits for input by polling
    bool thre_interrupt = false;     // pending, whether enabled or not
    bool transmit_awaited = false;   // that interrupt waits for room in the sink
    bool break_waiting = false;      // a break that found no room in the FIFO
    bool receive_room_owed = false;  // the listener was refused and must hear of room
    friend bool operator==(const State&, const State&) = default;
  };

  // `irq` may be null (no interrupt). `sink` outlives the device.
  Uart16550(std::string name, IrqSink* irq, ByteSink& sink);

  // Told when receive() takes bytes again after it took fewer than offered. May be null.
  void set_room_listener(ReceiveRoomListener* listener) override { listener_ = listener; }
  // For the sink's owner: the sink has become writable. Spurious calls are harmless.
  void on_transmit_room() noexcept override SKIFF_EXCLUDES(mutex_);

  std::string_view name() const override { return name_; }
  IoStatus read(IoAccess access, std::uint64_t& value) override;
  IoStatus write(IoAccess access, std::uint64_t value) override;
  // REP OUTSB to THR is one call of the sink.
  IoStatus write_string(IoAccess access, std::span<const std::byte> data,
                        std::size_t& done) override;
  std::string_view register_name(std::uint64_t offset, bool is_write) const override;

  std::size_t receive(std::span<const std::byte> bytes) noexcept override;
  // Two breaks that both find no room are one.
  void receive_break() noexcept override;

  State state() const SKIFF_EXCLUDES(mutex_);
  void restore(const State& state) SKIFF_EXCLUDES(mutex_);
  // Master reset (data sheet, table III); the divisor latch and SCR too, so that a second boot is
  // like the first.
  void reset() SKIFF_EXCLUDES(mutex_);
  std::uint64_t guest_faults() const { return faults_.count(); }

 private:
  // What is left to do after unlocking.
  struct Actions {
    bool sync_irq = false;
    bool new_edge = false;
    bool receive_room = false;
  };

  bool check(IoAccess access, IoStatus& status);
  std::uint8_t read_register(std::uint64_t offset, bool transmitter_empty) SKIFF_REQUIRES(mutex_);
  void write_register(std::uint64_t offset, std::uint8_t value, bool transmitter_empty)
      SKIFF_REQUIRES(mutex_);
  std::uint8_t read_lsr(bool transmitter_empty) SKIFF_REQUIRES(mutex_);
  std::uint8_t read_iir() SKIFF_REQUIRES(mutex_);
  void write_ier(std::uint8_t value, bool transmitter_empty) SKIFF_REQUIRES(mutex_);
  void write_fcr(std::uint8_t value) SKIFF_REQUIRES(mutex_);
  void update_modem_status() SKIFF_REQUIRES(mutex_);
  void note_poll(bool idle) SKIFF_REQUIRES(mutex_);

  bool fifos_enabled() const SKIFF_REQUIRES(mutex_);
  bool in_loopback() const SKIFF_REQUIRES(mutex_);
  bool thr_is_on_the_line() const SKIFF_REQUIRES(mutex_);
  unsigned capacity() const SKIFF_REQUIRES(mutex_);
  unsigned receive_room() const SKIFF_REQUIRES(mutex_);
  void push(ReceiveFifo::Character character) SKIFF_REQUIRES(mutex_);
  void loop_back(std::uint8_t data) SKIFF_REQUIRES(mutex_);
  std::uint8_t interrupt_source() const SKIFF_REQUIRES(mutex_);
  bool wanted_level() const SKIFF_REQUIRES(mutex_);
  void transmitter_emptied(bool transmitter_empty) SKIFF_REQUIRES(mutex_);
  void end_transmission() SKIFF_EXCLUDES(mutex_);
  Actions settle() SKIFF_REQUIRES(mutex_);
  void act(const Actions& actions) SKIFF_EXCLUDES(mutex_);

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
