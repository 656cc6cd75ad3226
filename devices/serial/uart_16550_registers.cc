// The register file of the 16550: everything that happens under the mutex.
#include <array>

#include "devices/serial/uart_16550.h"
#include "devices/serial/uart_16550_regs.h"

namespace skiff {

using namespace uart_16550;

namespace {

constexpr std::array<std::uint8_t, 4> kTriggerLevels = {1, 4, 8, 14};  // 8.5, FCR bits 7:6
constexpr std::uint8_t kNullModem = kMsrCts | kMsrDsr | kMsrDcd;
constexpr std::uint8_t kPolling = 2;

// 8.8, bit 4: the four outputs become the four inputs.
std::uint8_t looped_lines(std::uint8_t mcr) {
  unsigned lines = 0;
  if ((mcr & kMcrRts) != 0) lines |= kMsrCts;
  if ((mcr & kMcrDtr) != 0) lines |= kMsrDsr;
  if ((mcr & kMcrOut1) != 0) lines |= kMsrRi;
  if ((mcr & kMcrOut2) != 0) lines |= kMsrDcd;
  return static_cast<std::uint8_t>(lines);
}

}  // namespace

bool Uart16550::fifos_enabled() const {
  return (state_.fcr & kFcrEnable) != 0;
}
bool Uart16550::in_loopback() const {
  return (state_.mcr & kMcrLoop) != 0;
}
bool Uart16550::thr_is_on_the_line() const {
  return (state_.lcr & kLcrDlab) == 0 && !in_loopback();
}
unsigned Uart16550::capacity() const {
  return fifos_enabled() ? ReceiveFifo::kCapacity : 1;
}

// How many characters the line may bring now.
unsigned Uart16550::receive_room() const {
  const bool by_interrupt = (state_.ier & kIerErbfi) != 0 && (state_.mcr & kMcrOut2) != 0;
  const bool listening = by_interrupt || state_.idle_polls >= kPolling;
  if (!listening || in_loopback() || state_.break_waiting) return 0;
  return capacity() - std::min<unsigned>(capacity(), state_.receive_fifo.count);
}

// A driver that prints reads an idle LSR once per character, one that sets the port up never twice
// in a row; who does that waits for input.
void Uart16550::note_poll(bool idle) {
  if (state_.idle_polls >= kPolling) return;
  state_.idle_polls = idle ? static_cast<std::uint8_t>(state_.idle_polls + 1) : std::uint8_t{0};
}

std::uint8_t Uart16550::read_register(std::uint64_t offset, bool transmitter_empty) {
  if (offset == kLsr) return read_lsr(transmitter_empty);
  if (offset == kIir) return read_iir();
  note_poll(false);
  const bool dlab = (state_.lcr & kLcrDlab) != 0;
  switch (offset) {
    case kRbr: {
      if (dlab) return state_.dll;
      const std::uint8_t data = state_.receive_fifo.pop().data;
      if (!state_.receive_fifo.empty()) state_.lsr_errors |= state_.receive_fifo.top().errors;
      return data;
    }
    case kIer:
      return dlab ? state_.dlm : state_.ier;
    case kLcr:
      return state_.lcr;
    case kMcr:
      return state_.mcr;
    case kMsr: {
      const std::uint8_t msr = state_.msr;
      state_.msr &= 0xf0;  // 8.9: the deltas are reset by the read
      return msr;
    }
    default:
      return state_.scr;
  }
}

std::uint8_t Uart16550::read_lsr(bool transmitter_empty) {
  unsigned lsr = state_.lsr_errors;
  if (!state_.receive_fifo.empty()) lsr |= kLsrDr;
  if (transmitter_empty || in_loopback()) lsr |= kLsrThre | kLsrTemt;
  if (fifos_enabled() && state_.receive_fifo.has_errors()) lsr |= kLsrFifoError;
  state_.lsr_errors = 0;
  if (!state_.receive_fifo.empty()) state_.receive_fifo.top().errors = 0;
  note_poll(lsr == (kLsrThre | kLsrTemt) && !in_loopback());
  return static_cast<std::uint8_t>(lsr);
}

std::uint8_t Uart16550::read_iir() {
  const std::uint8_t source = interrupt_source();
  if (source == kIirThrEmpty) state_.thre_interrupt = false;
  note_poll(source == kIirNone && (state_.ier & kIerErbfi) != 0 && !in_loopback());
  return static_cast<std::uint8_t>(source | (fifos_enabled() ? kIirFifosEnabled : 0));
}

void Uart16550::write_register(std::uint64_t offset, std::uint8_t value, bool transmitter_empty) {
  const bool dlab = (state_.lcr & kLcrDlab) != 0;
  // Whoever sets the port up does not yet wait for input.
  if (offset >= kIer && offset <= kMcr) state_.idle_polls = 0;
  note_poll(false);
  switch (offset) {
    case kThr:
      if (dlab) {
        state_.dll = value;
      } else {
        loop_back(value);
      }
      break;
    case kIer:
      if (dlab) {
        state_.dlm = value;
      } else {
        write_ier(value, transmitter_empty || in_loopback());
      }
      break;
    case kFcr:
      write_fcr(value);
      break;
    case kLcr:
      state_.lcr = value;
      break;
    case kMcr:
      state_.mcr = value & kMcrMask;
      update_modem_status();
      break;
    case kScr:
      state_.scr = value;
      break;
    default:  // LSR and MSR are for reading (8.4, 8.9)
      break;
  }
}

void Uart16550::write_ier(std::uint8_t value, bool transmitter_empty) {
  const bool etbei_was_off = (state_.ier & kIerEtbei) == 0;
  state_.ier = value & kIerMask;
  // An enabled interrupt of an empty transmitter is pending at once: drivers start their output
  // with it, and Linux tests the port for it.
  if (etbei_was_off && (value & kIerEtbei) != 0) transmitter_emptied(transmitter_empty);
}

void Uart16550::write_fcr(std::uint8_t value) {
  const bool enable = (value & kFcrEnable) != 0;
  // 8.5: changing bit 0 clears the FIFOs; the other bits count only with bit 0 set.
  const bool reset = enable != fifos_enabled() || (enable && (value & kFcrResetReceive) != 0);
  state_.fcr = enable ? static_cast<std::uint8_t>(value & kFcrKept) : std::uint8_t{0};
  if (reset) {
    state_.receive_fifo.clear();
    state_.lsr_errors &= kLsrOe;
  }
}

// 8.9: a delta for each input that has changed, the ring indicator's at its trailing edge only.
void Uart16550::update_modem_status() {
  const std::uint8_t before = state_.msr & 0xf0;
  const std::uint8_t after = in_loopback() ? looped_lines(state_.mcr) : kNullModem;
  unsigned deltas = static_cast<unsigned>(before ^ after) >> 4;
  if ((after & kMsrRi) != 0) deltas &= ~static_cast<unsigned>(kMsrTeri);
  state_.msr = static_cast<std::uint8_t>((state_.msr & 0x0f) | deltas | after);
}

void Uart16550::push(ReceiveFifo::Character character) {
  if (state_.receive_fifo.empty()) state_.lsr_errors |= character.errors;
  state_.receive_fifo.push(character);
}

// 8.4, bit 1: in FIFO mode an overrun loses the new character, in 16450 mode the one in RBR. Only
// the guest's own loop-back can overrun; the line waits.
void Uart16550::loop_back(std::uint8_t data) {
  if (state_.receive_fifo.count >= capacity()) {
    state_.lsr_errors |= kLsrOe;
    if (!fifos_enabled()) state_.receive_fifo.top() = {data, 0};
  } else {
    push({data, 0});
  }
  transmitter_emptied(true);
}

std::uint8_t Uart16550::interrupt_source() const {
  if ((state_.ier & kIerElsi) != 0 && state_.lsr_errors != 0) return kIirLineStatus;
  if ((state_.ier & kIerErbfi) != 0 && !state_.receive_fifo.empty()) {
    const bool below = state_.receive_fifo.count < kTriggerLevels[state_.fcr >> 6];
    return fifos_enabled() && below ? kIirTimeout : kIirDataAvailable;
  }
  if ((state_.ier & kIerEtbei) != 0 && state_.thre_interrupt) return kIirThrEmpty;
  if ((state_.ier & kIerEdssi) != 0 && (state_.msr & 0x0f) != 0) return kIirModemStatus;
  return kIirNone;
}

// On a PC OUT2 enables the driver between INTR and the bus. It does so here in loop-back too, as in
// the integrated parts, so that a guest can test its interrupt that way.
bool Uart16550::wanted_level() const {
  return (state_.mcr & kMcrOut2) != 0 && interrupt_source() != kIirNone;
}

}  // namespace skiff
