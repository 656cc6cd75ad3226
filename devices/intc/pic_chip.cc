#include "devices/intc/pic_chip.h"

#include "devices/intc/pic_regs.h"

namespace skiff {

using namespace pic;

namespace {

std::uint8_t bit_of(unsigned input) {
  return static_cast<std::uint8_t>(1U << input);
}

void clear(std::uint8_t& bits, std::uint8_t which) {
  bits = static_cast<std::uint8_t>(bits & ~which);
}

}  // namespace

std::optional<unsigned> PicChip::highest(std::uint8_t inputs) const {
  for (unsigned step = 1; step <= kInputs; ++step) {
    const unsigned input = (lowest + step) % kInputs;
    if ((inputs & bit_of(input)) != 0) return input;
  }
  return std::nullopt;
}

// Fully nested: an input interrupts only those of lower priority ("Fully Nested Mode"). Special
// mask: one that is in service and masked holds back nobody ("Special Mask Mode"). Special fully
// nested: further requests of a slave pass the one in service ("The Special Fully Nested Mode").
std::optional<unsigned> PicChip::winner() const {
  if (next_icw != 0 || !is_initialized) return std::nullopt;
  const auto request = highest(static_cast<std::uint8_t>(irr() & ~imr));
  if (!request) return std::nullopt;
  const auto serving = highest(static_cast<std::uint8_t>(special_mask ? isr & ~imr : isr));
  if (!serving || priority(*request) < priority(*serving)) return request;
  const bool may_nest = special_fully_nested && !is_single && *request == kCascade;
  return may_nest && request == serving ? request : std::nullopt;
}

void PicChip::set_line(unsigned input, bool asserted) {
  const std::uint8_t bit = bit_of(input);
  const bool was_up = (lines & bit) != 0;
  if (!asserted) {
    clear(lines, bit);
  } else {
    lines |= bit;
    if (!was_up && (level & bit) == 0) latched |= bit;
  }
}

void PicChip::set_level_triggered(std::uint8_t inputs) {
  level = inputs;
  clear(latched, inputs);
}

void PicChip::take(unsigned input) {
  clear(latched, bit_of(input));
  if (!auto_eoi) {
    isr |= bit_of(input);
  } else if (rotates_in_auto_eoi) {
    lowest = static_cast<std::uint8_t>(input);
  }
}

// "Interrupt Sequence", "Initialization": what ICW1 does, a to f.
void PicChip::write_icw1(std::uint8_t value) {
  latched = 0;
  imr = 0;
  isr = 0;
  lowest = kInputs - 1;
  special_mask = false;
  reads_isr = false;
  poll = false;
  auto_eoi = false;
  rotates_in_auto_eoi = false;
  special_fully_nested = false;
  needs_icw4 = (value & kIcw1NeedsIcw4) != 0;
  is_single = (value & kIcw1Single) != 0;
  next_icw = 2;
}

void PicChip::write(bool a0, std::uint8_t value) {
  if (!a0) {
    if ((value & kIcw1) != 0) return write_icw1(value);
    return (value & kOcw3) != 0 ? write_ocw3(value) : write_ocw2(value);
  }
  const std::uint8_t last = needs_icw4 ? 4 : 0;
  switch (next_icw) {
    case 2:
      base = value & kIcw2Base;
      next_icw = is_single ? last : std::uint8_t{3};
      break;
    case 3:
      icw3 = value;
      next_icw = last;
      break;
    case 4:
      auto_eoi = (value & kIcw4AutoEoi) != 0;
      special_fully_nested = (value & kIcw4SpecialFullyNested) != 0;
      next_icw = 0;
      break;
    default:
      imr = value;  // OCW1
      return;
  }
  if (next_icw == 0) is_initialized = true;
}

// "An IS bit that is masked by an IMR bit will not be cleared by a non-specific EOI if the 8259A is
// in the Special Mask Mode."
std::optional<unsigned> PicChip::end_highest() {
  const auto ended = highest(static_cast<std::uint8_t>(special_mask ? isr & ~imr : isr));
  if (ended) clear(isr, bit_of(*ended));
  return ended;
}

void PicChip::write_ocw2(std::uint8_t value) {
  const std::uint8_t input = value & kOcw2Level;
  switch (static_cast<Ocw2Command>(value >> kOcw2CommandShift)) {
    case kNoOperation:
      break;
    case kRotateInAutoEoiClear:
      rotates_in_auto_eoi = false;
      break;
    case kRotateInAutoEoiSet:
      rotates_in_auto_eoi = true;
      break;
    case kNonSpecificEoi:
      end_highest();
      break;
    case kRotateOnNonSpecificEoi:
      if (const auto ended = end_highest()) lowest = static_cast<std::uint8_t>(*ended);
      break;
    case kSpecificEoi:
      clear(isr, bit_of(input));
      break;
    case kRotateOnSpecificEoi:
      clear(isr, bit_of(input));
      lowest = input;
      break;
    case kSetPriority:
      lowest = input;
      break;
  }
}

void PicChip::write_ocw3(std::uint8_t value) {
  if ((value & kOcw3SetSpecialMask) != 0) special_mask = (value & kOcw3SpecialMask) != 0;
  // "Poll overrides status read when P = 1, RR = 1 in OCW3."
  if ((value & kOcw3Poll) != 0) {
    poll = true;
  } else if ((value & kOcw3SetRead) != 0) {
    reads_isr = (value & kOcw3ReadIsr) != 0;
  }
}

// "Poll Command": the read is the acknowledge.
std::uint8_t PicChip::poll_word() {
  poll = false;
  const auto input = winner();
  if (!input) return 0;
  take(*input);
  return static_cast<std::uint8_t>(kPollInterrupt | *input);
}

std::uint8_t PicChip::read(bool a0) {
  if (poll) return poll_word();
  if (a0) return imr;
  return reads_isr ? isr : irr();
}

}  // namespace skiff
