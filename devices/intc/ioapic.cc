#include "devices/intc/ioapic.h"

#include <fmt/format.h>

#include <utility>

#include "devices/intc/ioapic_regs.h"

namespace skiff {

using namespace ioapic;

namespace {

bool is_level(std::uint64_t entry) {
  return (entry & kLevel) != 0;
}
bool is_masked(std::uint64_t entry) {
  return (entry & kMasked) != 0;
}
// The 8259s' vector would have to be fetched for these.
bool is_deliverable(std::uint64_t entry) {
  return !is_masked(entry) && (entry & kDeliveryMode) != kModeExtInt;
}

struct WindowRegister {
  unsigned pin;
  bool high;
};
std::optional<WindowRegister> entry_register(std::uint8_t index) {
  if (index < kRedirection || index >= kRedirection + 2 * Ioapic::kPins) return std::nullopt;
  return WindowRegister{(index - kRedirection) / 2U, (index - kRedirection) % 2U != 0};
}

}  // namespace

MsiMessage ioapic_message(std::uint64_t entry) {
  const std::uint64_t destination = entry >> kDestinationShift;
  MsiMessage message;
  message.address = kMessageAddress | destination << kMessageDestinationShift;
  if ((entry & kLogical) != 0) message.address |= kMessageLogical;
  message.data = static_cast<std::uint32_t>(entry & (kVector | kDeliveryMode)) | kMessageAssert;
  if (is_level(entry)) message.data |= kMessageLevel;
  return message;
}

Ioapic::Ioapic(std::string name, IoapicOutput& output)
    : name_(std::move(name)), output_(output), faults_(name_) {
  for (unsigned number = 0; number < kPins; ++number) {
    pins_[number].owner_ = this;
    pins_[number].number_ = number;
  }
}

IrqSink& Ioapic::pin(unsigned number) {
  return pins_.at(number);
}

std::optional<MsiMessage> Ioapic::take_level(unsigned pin) {
  std::uint64_t& entry = state_.entries[pin];
  const bool is_up = (state_.lines >> pin & 1) != 0;
  if (!is_up || !is_level(entry) || !is_deliverable(entry) || (entry & kRemoteIrr) != 0) {
    return std::nullopt;
  }
  entry |= kRemoteIrr;
  return ioapic_message(entry);
}

void Ioapic::set_line(unsigned pin, bool asserted) noexcept {
  std::optional<MsiMessage> message;
  {
    MutexLock lock(mutex_);
    const std::uint32_t bit = 1U << pin;
    const bool was_up = (state_.lines & bit) != 0;
    state_.lines = asserted ? state_.lines | bit : state_.lines & ~bit;
    const std::uint64_t entry = state_.entries[pin];
    if (is_level(entry)) {
      message = take_level(pin);
    } else if (asserted && !was_up && is_deliverable(entry)) {
      message = ioapic_message(entry);
    }
  }
  if (message) output_.send(*message);
}

void Ioapic::end_of_interrupt(std::uint8_t vector) noexcept {
  // Several pins may share a vector; one whose device still asks interrupts again.
  for (unsigned pin = 0; pin < kPins; ++pin) {
    std::optional<MsiMessage> message;
    {
      MutexLock lock(mutex_);
      std::uint64_t& entry = state_.entries[pin];
      if (!is_level(entry) || (entry & kRemoteIrr) == 0 || (entry & kVector) != vector) continue;
      entry &= ~kRemoteIrr;
      message = take_level(pin);
    }
    if (message) output_.send(*message);
  }
}

void Ioapic::write_entry(unsigned pin, bool high, std::uint32_t value) {
  std::optional<MsiMessage> message;
  {
    MutexLock table(table_mutex_);
    std::uint64_t entry = 0;
    {
      MutexLock lock(mutex_);
      entry = state_.entries[pin];
    }
    entry = high ? (entry & 0xffff'ffff) | std::uint64_t{value} << 32
                 : (entry & ~0xffff'ffffULL) | value;
    entry &= kWritable;
    if (is_level(entry) && is_deliverable(entry)) {
      const MsiMessage wanted = ioapic_message(entry);
      if (expected_[pin] != wanted) {
        expected_[pin] = wanted;
        output_.expect_eoi(pin, wanted);
      }
    }
    MutexLock lock(mutex_);
    // Remote IRR is the interrupt's in service; an edge has none.
    if (is_level(entry)) entry |= state_.entries[pin] & kRemoteIrr;
    state_.entries[pin] = entry;
    message = take_level(pin);
  }
  if (message) output_.send(*message);
}

std::uint32_t Ioapic::read_window() const {
  switch (state_.index) {
    case kId:
    case kArbitration:
      return state_.id;
    case kVersion:
      return kVersionValue | (kPins - 1) << kMaxEntryShift;
    default:
      break;
  }
  const auto which = entry_register(state_.index);
  if (!which) return 0;
  const std::uint64_t entry = state_.entries[which->pin];
  return static_cast<std::uint32_t>(which->high ? entry >> 32 : entry);
}

void Ioapic::write_window(std::uint32_t value) {
  std::optional<WindowRegister> which;
  {
    MutexLock lock(mutex_);
    if (state_.index == kId) state_.id = value & kIdMask;
    which = entry_register(state_.index);
  }
  if (which) write_entry(which->pin, which->high, value);
}

bool Ioapic::check(IoAccess access, IoStatus& status) {
  status = IoStatus::ok;
  if (access.offset != kIoRegSel && access.offset != kIoWin && access.offset != kEoi) {
    status = IoStatus::no_such_register;
  } else if (access.width != 4) {
    status = IoStatus::bad_width;
    faults_.report("access of {} bytes to a 32-bit register", access.width);
  }
  return status == IoStatus::ok;
}

IoStatus Ioapic::read(IoAccess access, std::uint64_t& value) {
  IoStatus status;
  if (!check(access, status)) return status;
  MutexLock lock(mutex_);
  switch (access.offset) {
    case kIoRegSel:
      value = state_.index;
      break;
    case kIoWin:
      value = read_window();
      break;
    default:
      value = 0;  // EOI is write-only
  }
  return status;
}

IoStatus Ioapic::write(IoAccess access, std::uint64_t value) {
  IoStatus status;
  if (!check(access, status)) return status;
  switch (access.offset) {
    case kIoRegSel: {
      MutexLock lock(mutex_);
      state_.index = static_cast<std::uint8_t>(value);
      break;
    }
    case kIoWin:
      write_window(static_cast<std::uint32_t>(value));
      break;
    default:
      end_of_interrupt(static_cast<std::uint8_t>(value));
  }
  return status;
}

Ioapic::State Ioapic::state() const {
  MutexLock lock(mutex_);
  return state_;
}

std::string Ioapic::describe() const {
  const State now = state();
  std::string text;
  for (unsigned pin = 0; pin < kPins; ++pin) {
    const std::uint64_t entry = now.entries[pin];
    const bool is_up = (now.lines >> pin & 1) != 0;
    std::string_view what;
    if ((entry & kRemoteIrr) != 0) {
      what = "is in service";
    } else if (is_up && is_masked(entry)) {
      what = "is up, masked";
    } else if (is_up && is_level(entry)) {
      what = "waits";
    } else {
      continue;
    }
    text += fmt::format("{}pin {} {}", text.empty() ? "" : ", ", pin, what);
    if (!is_masked(entry)) text += fmt::format(" (vector {:#x})", entry & kVector);
  }
  return text.empty() ? "no interrupt waits" : text;
}

std::string_view Ioapic::register_name(std::uint64_t offset, bool /*is_write*/) const {
  switch (offset) {
    case kIoRegSel:
      return "IOREGSEL";
    case kIoWin:
      return "IOWIN";
    case kEoi:
      return "EOI";
    default:
      return {};
  }
}

}  // namespace skiff
