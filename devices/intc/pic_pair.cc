#include "devices/intc/pic_pair.h"

#include <fmt/format.h>

#include <utility>

#include "devices/intc/pic_regs.h"

namespace skiff {

using namespace pic;

namespace {

constexpr std::uint8_t kCascadeBit = 1U << kCascade;

}  // namespace

PicPair::PicPair(std::string name, IrqSink* intr)
    : name_(std::move(name)), state_(initial_state()), faults_(name_), intr_(intr) {
  for (unsigned irq = 0; irq < kPins; ++irq) {
    pins_[irq].pair_ = this;
    pins_[irq].irq_ = irq;
  }
}

PicPair::State PicPair::initial_state() {
  State state;
  state.master.level = kCascadeBit;
  return state;
}

IrqSink& PicPair::pin(unsigned irq) {
  return pins_.at(irq);
}

bool PicPair::settle() {
  state_.master.set_line(kCascade, state_.slave.winner().has_value());
  const bool before = int_;
  int_ = state_.master.winner().has_value();
  return int_ != before;
}

void PicPair::drive_intr() noexcept {
  intr_.sync([this] {
    MutexLock lock(mutex_);
    return int_;
  });
}

void PicPair::set_line(unsigned irq, bool asserted) noexcept {
  if (irq == kCascade) return;
  bool changed = false;
  {
    MutexLock lock(mutex_);
    PicChip& chip = irq < kInputs ? state_.master : state_.slave;
    chip.set_line(irq % kInputs, asserted);
    changed = settle();
  }
  if (changed) drive_intr();
}

void PicPair::set_level_triggered(std::uint16_t irqs) {
  bool changed = false;
  {
    MutexLock lock(mutex_);
    state_.master.set_level_triggered(
        static_cast<std::uint8_t>((irqs & kElcrMaster) | kCascadeBit));
    state_.slave.set_level_triggered(static_cast<std::uint8_t>(irqs >> kInputs & kElcrSlave));
    changed = settle();
  }
  if (changed) drive_intr();
}

std::uint8_t PicPair::acknowledge() noexcept {
  std::uint8_t vector = 0;
  bool changed = false;
  {
    MutexLock lock(mutex_);
    PicChip& master = state_.master;
    const auto input = master.winner();
    if (!input) {
      // "A default IR7 occurs": no in-service bit is set.
      spurious_.fetch_add(1, std::memory_order_relaxed);
      return static_cast<std::uint8_t>(master.base + kSpuriousInput);
    }
    master.take(*input);
    vector = static_cast<std::uint8_t>(master.base + *input);
    if (*input == kCascade && !master.is_single) {
      PicChip& slave = state_.slave;
      const auto slave_input = slave.winner();
      if (slave_input) slave.take(*slave_input);
      vector = static_cast<std::uint8_t>(slave.base + slave_input.value_or(kSpuriousInput));
    }
    changed = settle();
  }
  if (changed) drive_intr();
  return vector;
}

bool PicPair::check(IoAccess access, IoStatus& status) {
  status = IoStatus::ok;
  if (access.offset >= kRegisters) {
    status = IoStatus::no_such_register;
  } else if (access.width != 1) {
    status = IoStatus::bad_width;
    faults_.report("access of {} bytes to an 8-bit port", access.width);
  }
  return status == IoStatus::ok;
}

IoStatus PicPair::read(IoAccess access, std::uint64_t& value) {
  IoStatus status;
  if (!check(access, status)) return status;
  bool changed = false;
  {
    MutexLock lock(mutex_);
    if (access.offset == kElcr) {
      value = state_.master.level & kElcrMaster;
    } else if (access.offset == kElcr + 1) {
      value = state_.slave.level;
    } else {
      PicChip& chip = access.offset < kSlave ? state_.master : state_.slave;
      value = chip.read(access.offset % 2 != 0);
      changed = settle();  // a poll acknowledges
    }
  }
  if (changed) drive_intr();
  return status;
}

IoStatus PicPair::write(IoAccess access, std::uint64_t value) {
  IoStatus status;
  if (!check(access, status)) return status;
  const auto byte = static_cast<std::uint8_t>(value);
  bool changed = false;
  {
    MutexLock lock(mutex_);
    if (access.offset == kElcr) {
      state_.master.set_level_triggered(
          static_cast<std::uint8_t>((byte & kElcrMaster) | kCascadeBit));
    } else if (access.offset == kElcr + 1) {
      state_.slave.set_level_triggered(byte & kElcrSlave);
    } else {
      PicChip& chip = access.offset < kSlave ? state_.master : state_.slave;
      chip.write(access.offset % 2 != 0, byte);
    }
    changed = settle();
  }
  if (changed) drive_intr();
  return status;
}

PicPair::State PicPair::state() const {
  MutexLock lock(mutex_);
  return state_;
}

void PicPair::restore(const State& state) {
  bool changed = false;
  {
    MutexLock lock(mutex_);
    state_ = state;
    changed = settle();
  }
  if (changed) drive_intr();
}

std::string PicPair::describe() const {
  const State now = state();
  std::string text;
  const auto add = [&text](unsigned irq, std::string_view what) {
    text += fmt::format("{}IRQ {} {}", text.empty() ? "" : ", ", irq, what);
  };
  for (unsigned irq = 0; irq < kPins; ++irq) {
    if (irq == kCascade) continue;
    const PicChip& chip = irq < kInputs ? now.master : now.slave;
    const unsigned bit = 1U << irq % kInputs;
    if ((chip.isr & bit) != 0) add(irq, "is in service");
    if ((chip.irr() & bit) != 0) add(irq, (chip.imr & bit) != 0 ? "waits, masked" : "waits");
  }
  return text.empty() ? "no interrupt waits" : text;
}

std::string_view PicPair::register_name(std::uint64_t offset, bool is_write) const {
  switch (offset) {
    case kMaster:
      return is_write ? "master command" : "master IRR/ISR";
    case kMaster + 1:
      return is_write ? "master data" : "master IMR";
    case kSlave:
      return is_write ? "slave command" : "slave IRR/ISR";
    case kSlave + 1:
      return is_write ? "slave data" : "slave IMR";
    case kElcr:
      return "ELCR1";
    case kElcr + 1:
      return "ELCR2";
    default:
      return {};
  }
}

}  // namespace skiff
