#include "devices/serial/pl011.h"

#include <utility>

#include "devices/primecell_id.h"
#include "devices/serial/pl011_regs.h"
#include "vmm/base/bits.h"

namespace skiff {

using namespace pl011;

Pl011::Pl011(std::string name, IrqSink* irq, ByteSink& sink)
    : name_(std::move(name)), sink_(sink), faults_(name_), irq_(irq) {}

bool Pl011::check(IoAccess access, IoStatus& status) {
  status = IoStatus::ok;
  const bool is_inside = access.offset < kSize;
  if (is_inside && access.offset % 4 != 0) {
    status = IoStatus::misaligned;
  } else if (is_inside && access.width > 4) {
    status = IoStatus::bad_width;
  } else if (!is_inside || register_name(access.offset, false).empty()) {
    status = IoStatus::no_such_register;
  }
  if (status != IoStatus::ok) {
    faults_.report("access of {} bytes at offset {:#x}", access.width, access.offset);
  }
  return status == IoStatus::ok;
}

IoStatus Pl011::read(IoAccess access, std::uint64_t& value) {
  IoStatus status;
  if (!check(access, status)) return status;
  const bool transmitter_empty = access.offset != kFr || sink_.writable();
  Actions actions;
  {
    MutexLock lock(mutex_);
    value = read_register(access.offset, transmitter_empty) & all_ones(access.width);
    actions = settle();
  }
  act(actions);
  return IoStatus::ok;
}

IoStatus Pl011::write(IoAccess access, std::uint64_t value) {
  IoStatus status;
  if (!check(access, status)) return status;
  Actions actions;
  bool to_line = false;
  {
    MutexLock lock(mutex_);
    // 3.3.8: a UART that is off sends nothing. Early consoles of guests without firmware write all
    // the same, and what they say is worth having.
    to_line = access.offset == kDr && !in_loopback();
    if (!to_line) {
      write_register(access.offset, static_cast<std::uint32_t>(value), true);
      actions = settle();
    }
  }
  if (to_line) return transmit(static_cast<std::uint8_t>(value));
  act(actions);
  return IoStatus::ok;
}

IoStatus Pl011::transmit(std::uint8_t character) {
  const auto raw = static_cast<std::byte>(character);
  if (sink_.write({&raw, 1}) == 0) return IoStatus::busy;
  const bool transmitter_empty = sink_.writable();
  Actions actions;
  {
    MutexLock lock(mutex_);
    note_poll(false);
    transmitter_emptied(transmitter_empty);
    actions = settle();
  }
  act(actions);
  // The sink may have become writable, and its owner told us, before we began to wait.
  if (!transmitter_empty) on_transmit_room();
  return IoStatus::ok;
}

void Pl011::on_transmit_room() noexcept {
  if (!sink_.writable()) return;
  Actions actions;
  {
    MutexLock lock(mutex_);
    if (state_.transmit_awaited) transmitter_emptied(true);
    actions = settle();
  }
  act(actions);
}

std::size_t Pl011::receive(std::span<const std::byte> bytes) noexcept {
  Actions actions;
  std::size_t taken = 0;
  {
    MutexLock lock(mutex_);
    const std::size_t room = receive_room();
    while (taken < bytes.size() && taken < room) {
      push(static_cast<std::uint8_t>(bytes[taken]));
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

void Pl011::receive_break() noexcept {
  Actions actions;
  {
    MutexLock lock(mutex_);
    state_.break_waiting = true;
    actions = settle();
  }
  act(actions);
}

Pl011::State Pl011::state() const {
  MutexLock lock(mutex_);
  return state_;
}

// What follows from any change of the registers, computed under the lock.
Pl011::Actions Pl011::settle() {
  Actions actions;
  if (state_.break_waiting && receive_room() != 0) {
    state_.break_waiting = false;
    // 3.3.1, bit 10: one zero character is loaded; a break is a framing error as well.
    push(kDrBe | kDrFe);
  }
  // Half the FIFO at least, so that a stream costs few calls.
  const unsigned worthwhile = capacity() > 1 ? capacity() / 2 : 1;
  if (state_.receive_room_owed && receive_room() >= worthwhile) {
    state_.receive_room_owed = false;
    actions.receive_room = true;
  }
  const bool level = wanted_level();
  actions.sync_irq = level != settled_level_;
  settled_level_ = level;
  return actions;
}

void Pl011::act(const Actions& actions) {
  if (actions.sync_irq) {
    irq_.sync([this] {
      MutexLock lock(mutex_);
      return wanted_level();
    });
  }
  if (actions.receive_room && listener_ != nullptr) listener_->on_receive_room();
}

std::string_view Pl011::register_name(std::uint64_t offset, bool is_write) const {
  switch (offset) {
    case kDr:
      return "UARTDR";
    case kRsr:
      return is_write ? "UARTECR" : "UARTRSR";
    case kFr:
      return "UARTFR";
    case kIlpr:
      return "UARTILPR";
    case kIbrd:
      return "UARTIBRD";
    case kFbrd:
      return "UARTFBRD";
    case kLcrH:
      return "UARTLCR_H";
    case kCr:
      return "UARTCR";
    case kIfls:
      return "UARTIFLS";
    case kImsc:
      return "UARTIMSC";
    case kRis:
      return "UARTRIS";
    case kMis:
      return "UARTMIS";
    case kIcr:
      return "UARTICR";
    case kDmacr:
      return "UARTDMACR";
    default:
      return primecell_id_name(offset);
  }
}

}  // namespace skiff
