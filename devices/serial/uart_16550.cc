#include "devices/serial/uart_16550.h"

#include <array>
#include <utility>

#include "devices/serial/uart_16550_regs.h"

namespace skiff {

using namespace uart_16550;

Uart16550::Uart16550(std::string name, IrqSink* irq, ByteSink& sink)
    : name_(std::move(name)), sink_(sink), faults_(name_), irq_(irq) {}

bool Uart16550::check(IoAccess access, IoStatus& status) {
  status = IoStatus::ok;
  if (access.offset >= kRegisterCount) {
    status = IoStatus::no_such_register;
  } else if (access.width != 1) {
    status = IoStatus::bad_width;
    faults_.report("access of {} bytes to the 8-bit register {}", access.width,
                   register_name(access.offset, false));
  }
  return status == IoStatus::ok;
}

IoStatus Uart16550::read(IoAccess access, std::uint64_t& value) {
  IoStatus status;
  if (!check(access, status)) return status;
  const bool transmitter_empty = access.offset != kLsr || sink_.writable();
  Actions actions;
  {
    MutexLock lock(mutex_);
    value = read_register(access.offset, transmitter_empty);
    actions = settle();
  }
  act(actions);
  return IoStatus::ok;
}

IoStatus Uart16550::write(IoAccess access, std::uint64_t value) {
  IoStatus status;
  if (!check(access, status)) return status;
  const auto byte = static_cast<std::uint8_t>(value);
  const bool transmitter_empty = access.offset != kIer || sink_.writable();
  Actions actions;
  bool to_line = false;
  bool awaited = false;
  {
    MutexLock lock(mutex_);
    to_line = access.offset == kThr && thr_is_on_the_line();
    if (!to_line) {
      write_register(access.offset, byte, transmitter_empty);
      actions = settle();
      awaited = state_.transmit_awaited;
    }
  }
  if (to_line) {
    const auto raw = static_cast<std::byte>(byte);
    if (sink_.write({&raw, 1}) == 0) return IoStatus::busy;
    end_transmission();
    return IoStatus::ok;
  }
  act(actions);
  // The sink may have become writable, and its owner told us, before we began to wait.
  if (awaited) on_transmit_room();
  return IoStatus::ok;
}

IoStatus Uart16550::write_string(IoAccess access, std::span<const std::byte> data,
                                 std::size_t& done) {
  bool to_line = false;
  if (access.offset == kThr && access.width == 1) {
    MutexLock lock(mutex_);
    to_line = thr_is_on_the_line();
  }
  if (!to_line) return IoDevice::write_string(access, data, done);
  if (done >= data.size()) return IoStatus::ok;
  const std::size_t taken = sink_.write(data.subspan(done));
  done += taken;
  if (taken != 0) end_transmission();
  return done < data.size() ? IoStatus::busy : IoStatus::ok;
}

// Bytes have gone from THR to the sink: the interrupt that was pending is reset by the write of THR
// and set again by the transmitter that has emptied (8.6, table IV). Guests that serve the
// interrupt without reading IIR live on the edge between the two.
void Uart16550::end_transmission() {
  const bool transmitter_empty = sink_.writable();
  Actions actions;
  {
    MutexLock lock(mutex_);
    const bool was_source = wanted_level() && interrupt_source() == kIirThrEmpty;
    note_poll(false);
    transmitter_emptied(transmitter_empty);
    actions = settle();
    actions.new_edge = was_source && state_.thre_interrupt;
  }
  act(actions);
  if (!transmitter_empty) on_transmit_room();
}

void Uart16550::transmitter_emptied(bool transmitter_empty) {
  state_.thre_interrupt = transmitter_empty;
  state_.transmit_awaited = !transmitter_empty;
}

// A call that comes late, when the sink has filled again, must not announce an empty transmitter.
// One that overtakes a write on its way into the sink still may; then the guest's next byte waits
// (busy).
void Uart16550::on_transmit_room() noexcept {
  if (!sink_.writable()) return;
  Actions actions;
  {
    MutexLock lock(mutex_);
    if (state_.transmit_awaited) transmitter_emptied(true);
    actions = settle();
  }
  act(actions);
}

std::size_t Uart16550::receive(std::span<const std::byte> bytes) noexcept {
  Actions actions;
  std::size_t taken = 0;
  {
    MutexLock lock(mutex_);
    const std::size_t room = receive_room();
    while (taken < bytes.size() && taken < room) {
      push({static_cast<std::uint8_t>(bytes[taken]), 0});
      ++taken;
    }
    if (taken < bytes.size()) state_.receive_room_owed = true;
    // The listener hears of room that a later access makes, not of none from inside this call.
    const bool owed = std::exchange(state_.receive_room_owed, false);
    actions = settle();
    state_.receive_room_owed = owed;
  }
  act(actions);
  return taken;
}

void Uart16550::receive_break() noexcept {
  Actions actions;
  {
    MutexLock lock(mutex_);
    state_.break_waiting = true;
    actions = settle();
  }
  act(actions);
}

Uart16550::State Uart16550::state() const {
  MutexLock lock(mutex_);
  return state_;
}

void Uart16550::restore(const State& state) {
  Actions actions;
  {
    MutexLock lock(mutex_);
    state_ = state;
    state_.receive_fifo.first %= ReceiveFifo::kCapacity;
    state_.receive_fifo.count = std::min(state_.receive_fifo.count, ReceiveFifo::kCapacity);
    state_.receive_room_owed = true;  // the listener of this process knows nothing of that one's
    actions = settle();
  }
  act(actions);
  on_transmit_room();
}

void Uart16550::reset() {
  Actions actions;
  {
    MutexLock lock(mutex_);
    const bool owed = state_.receive_room_owed;
    state_ = State{};
    state_.receive_room_owed = owed;
    actions = settle();
  }
  act(actions);
}

// What follows from any change of the registers, computed under the lock.
Uart16550::Actions Uart16550::settle() {
  Actions actions;
  if (state_.break_waiting && !in_loopback() && state_.receive_fifo.count < capacity()) {
    state_.break_waiting = false;
    // 8.4, bit 4: one zero character is loaded; a break is a framing error as well.
    push({0, kLsrBi | kLsrFe});
  }
  // Half the FIFO at least, so that a stream costs one call for eight characters.
  const unsigned worthwhile = std::max(1U, capacity() / 2);
  if (state_.receive_room_owed && receive_room() >= worthwhile) {
    state_.receive_room_owed = false;
    actions.receive_room = true;
  }
  const bool level = wanted_level();
  actions.sync_irq = level != settled_level_;
  settled_level_ = level;
  return actions;
}

void Uart16550::act(const Actions& actions) {
  if (actions.new_edge) irq_.lower();
  if (actions.sync_irq || actions.new_edge) {
    irq_.sync([this] {
      MutexLock lock(mutex_);
      return wanted_level();
    });
  }
  if (actions.receive_room && listener_ != nullptr) listener_->on_receive_room();
}

std::string_view Uart16550::register_name(std::uint64_t offset, bool is_write) const {
  static constexpr std::array<std::string_view, kRegisterCount> kReadNames = {
      "RBR", "IER", "IIR", "LCR", "MCR", "LSR", "MSR", "SCR"};
  if (offset >= kRegisterCount) return {};
  if (is_write && offset == kThr) return "THR";
  if (is_write && offset == kFcr) return "FCR";
  return kReadNames[offset];
}

}  // namespace skiff
