// The register file of the PL011: everything that happens under the mutex.
#include <algorithm>
#include <array>

#include "devices/primecell_id.h"
#include "devices/serial/pl011.h"
#include "devices/serial/pl011_regs.h"

namespace skiff {

using namespace pl011;

namespace {

constexpr unsigned kPart = 0x011;
constexpr unsigned kRevision = 3;  // r1p5: 32 characters

// Sixteenths of the FIFO, 3.3.9 (UARTIFLS, RXIFLSEL); values 5 to 7 are reserved.
constexpr std::array<unsigned, 8> kTriggerSixteenths = {2, 4, 8, 12, 14, 14, 14, 14};

// A null modem's other end is there.
constexpr std::uint16_t kPl011NullModem = kFrCts | kFrDsr | kFrDcd;

// Bits of UARTFR that changed to those of UARTRIS.
std::uint16_t modem_interrupts(std::uint16_t changed) {
  std::uint16_t interrupts = 0;
  if ((changed & kFrRi) != 0) interrupts |= kIntRi;
  if ((changed & kFrCts) != 0) interrupts |= kIntCts;
  if ((changed & kFrDcd) != 0) interrupts |= kIntDcd;
  if ((changed & kFrDsr) != 0) interrupts |= kIntDsr;
  return interrupts;
}

}  // namespace

bool Pl011::in_loopback() const {
  return (state_.cr & kCrLbe) != 0;
}

unsigned Pl011::capacity() const {
  return (state_.lcr_h & kLcrHFen) != 0 ? Pl011Fifo::kCapacity : 1;
}

unsigned Pl011::trigger_level() const {
  if (capacity() == 1) return 1;
  return Pl011Fifo::kCapacity * kTriggerSixteenths[state_.ifls >> 3 & 7] / 16;
}

bool Pl011::is_listening() const {
  constexpr std::uint16_t kOn = kCrUarten | kCrRxe;
  if ((state_.cr & kOn) != kOn || in_loopback()) return false;
  return (state_.imsc & (kIntRx | kIntRt)) != 0 || state_.idle_polls >= 2;
}

unsigned Pl011::receive_room() const {
  if (!is_listening()) return 0;
  return capacity() - std::min<unsigned>(state_.receive_fifo.count, capacity());
}

void Pl011::note_poll(bool idle) {
  if (!idle) {
    state_.idle_polls = 0;
  } else if (state_.idle_polls < 2) {
    ++state_.idle_polls;
  }
}

void Pl011::push(std::uint16_t character) {
  if (state_.receive_fifo.count >= capacity()) {
    // 3.3.1, bit 11: the character is lost, those in the FIFO stay. Only the guest's own loop-back
    // can overrun; the line waits.
    state_.ris |= kIntOe;
    state_.rsr |= 1U << 3;
    return;
  }
  state_.receive_fifo.push(character);
  if ((character & kDrFe) != 0) state_.ris |= kIntFe;
  if ((character & kDrPe) != 0) state_.ris |= kIntPe;
  if ((character & kDrBe) != 0) state_.ris |= kIntBe;
  raise_receive_interrupts();
}

// 2.8.2, 2.8.4: the receive interrupt at the trigger level, the time-out while characters wait and
// none comes, which on this line is always.
void Pl011::raise_receive_interrupts() {
  const unsigned count = state_.receive_fifo.count;
  if (count >= trigger_level()) {
    state_.ris |= kIntRx;
  } else {
    state_.ris &= static_cast<std::uint16_t>(~kIntRx);
  }
  if (count != 0 && capacity() > 1) {
    state_.ris |= kIntRt;
  } else {
    state_.ris &= static_cast<std::uint16_t>(~kIntRt);
  }
}

std::uint32_t Pl011::read_data() {
  note_poll(false);
  const std::uint16_t character = state_.receive_fifo.pop();
  // 3.3.2: the errors of the character read, an overrun until it is cleared.
  state_.rsr = static_cast<std::uint8_t>((state_.rsr & 0x8) | (character >> 8 & 0x7));
  raise_receive_interrupts();
  return character | ((state_.rsr & 0x8) != 0 ? kDrOe : 0U);
}

std::uint16_t Pl011::modem_lines() const {
  if (!in_loopback()) return kPl011NullModem;
  // 2.4.6: the outputs reach the inputs.
  std::uint16_t lines = 0;
  if ((state_.cr & kCrRts) != 0) lines |= kFrCts;
  if ((state_.cr & kCrDtr) != 0) lines |= kFrDsr;
  if ((state_.cr & kCrOut1) != 0) lines |= kFrDcd;
  if ((state_.cr & kCrOut2) != 0) lines |= kFrRi;
  return lines;
}

std::uint32_t Pl011::read_flags(bool transmitter_empty) {
  const bool empty = state_.receive_fifo.empty();
  note_poll(empty && transmitter_empty);
  std::uint32_t flags = modem_lines();
  flags |= transmitter_empty ? kFrTxfe : static_cast<std::uint32_t>(kFrTxff | kFrBusy);
  if (empty) flags |= kFrRxfe;
  if (state_.receive_fifo.count >= capacity()) flags |= kFrRxff;
  return flags;
}

std::uint32_t Pl011::read_register(std::uint64_t offset, bool transmitter_empty) {
  switch (offset) {
    case kDr:
      return read_data();
    case kRsr:
      return state_.rsr;
    case kFr:
      return read_flags(transmitter_empty);
    case kIlpr:
      return state_.ilpr;
    case kIbrd:
      return state_.ibrd;
    case kFbrd:
      return state_.fbrd;
    case kLcrH:
      return state_.lcr_h;
    case kCr:
      return state_.cr;
    case kIfls:
      return state_.ifls;
    case kImsc:
      return state_.imsc;
    case kRis:
      return state_.ris;
    case kMis:
      return state_.ris & state_.imsc;
    case kIcr:  // for writing only
      return 0;
    case kDmacr:
      return state_.dmacr;
    default:
      return primecell_id(offset, kPart, kRevision).value_or(0);
  }
}

// 3.3.8; changed modem lines interrupt (2.8.1).
void Pl011::write_control(std::uint16_t value) {
  const std::uint16_t before = modem_lines();
  state_.cr = value & kCrMask;
  state_.ris |= modem_interrupts(before ^ modem_lines());
}

void Pl011::write_register(std::uint64_t offset, std::uint32_t value, bool transmitter_empty) {
  // Whoever sets the port up does not yet wait for input.
  note_poll(false);
  switch (offset) {
    case kDr:  // in loop-back
      push(static_cast<std::uint8_t>(value));
      transmitter_emptied(transmitter_empty);
      break;
    case kRsr:  // ECR: any value clears
      state_.rsr = 0;
      break;
    case kIlpr:
      state_.ilpr = static_cast<std::uint8_t>(value);
      break;
    case kIbrd:
      state_.ibrd = static_cast<std::uint16_t>(value);
      break;
    case kFbrd:
      state_.fbrd = static_cast<std::uint8_t>(value & 0x3f);
      break;
    case kLcrH: {
      // 3.3.7, bit 4: without FIFOs they become one-byte registers.
      const bool changed = ((state_.lcr_h ^ value) & kLcrHFen) != 0;
      state_.lcr_h = static_cast<std::uint8_t>(value);
      if (changed) {
        state_.receive_fifo.clear();
        raise_receive_interrupts();
      }
      break;
    }
    case kCr:
      write_control(static_cast<std::uint16_t>(value));
      break;
    case kIfls:
      state_.ifls = static_cast<std::uint8_t>(value & 0x3f);
      raise_receive_interrupts();
      break;
    case kImsc:
      state_.imsc = static_cast<std::uint16_t>(value & kIntMask);
      break;
    case kIcr:
      state_.ris &= static_cast<std::uint16_t>(~value);
      break;
    case kDmacr:
      state_.dmacr = static_cast<std::uint8_t>(value & 0x7);
      break;
    default:  // FR, RIS, MIS and the identification are for reading
      break;
  }
}

// 2.8.3: the transmit interrupt is raised by the FIFO that has emptied, not by an empty one.
void Pl011::transmitter_emptied(bool transmitter_empty) {
  if (transmitter_empty) {
    state_.ris |= kIntTx;
  } else {
    state_.ris &= static_cast<std::uint16_t>(~kIntTx);
  }
  state_.transmit_awaited = !transmitter_empty;
}

bool Pl011::wanted_level() const {
  return (state_.ris & state_.imsc) != 0;
}

}  // namespace skiff
