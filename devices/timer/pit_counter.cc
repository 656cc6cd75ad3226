#include "devices/timer/pit_counter.h"

#include <algorithm>
#include <utility>

#include "devices/timer/pit_regs.h"

namespace skiff {

using namespace pit;

void PitCounter::set_mode(std::uint8_t control_word, Ticks /*now*/) {
  const bool gate = gate_;
  *this = PitCounter{};
  gate_ = gate;
  control_ = control_word & 0x3f;
  access_ = control_word >> kAccessShift & kAccessMask;
  const std::uint8_t mode = control_word >> kModeShift & kModeMask;
  mode_ = mode > 5 ? mode - 4 : mode;  // M2 does not count for modes 2 and 3
  is_bcd_ = (control_word & kBcd) != 0;
}

// A digit above 9 in a BCD count counts as what its bits say.
std::uint32_t PitCounter::decode(std::uint16_t written) const {
  std::uint32_t value = written;
  if (is_bcd_) {
    value = 0;
    for (int shift = 12; shift >= 0; shift -= 4)
      value = value * 10 + (written >> shift & 0xfU);
    value %= modulus();
  }
  if (value == 0) value = modulus();
  return is_rate() && value == 1 ? 2 : value;
}

std::uint16_t PitCounter::encode(std::uint32_t count) const {
  count %= modulus();
  if (!is_bcd_) return static_cast<std::uint16_t>(count);
  std::uint32_t digits = 0;
  for (unsigned shift = 0; shift < 16; shift += 4, count /= 10)
    digits |= count % 10 << shift;
  return static_cast<std::uint16_t>(digits);
}

PitCounter::Ticks PitCounter::elapsed(Ticks now) const {
  if (!is_counting_) return stopped_after_;
  return now > loaded_at_ ? now - loaded_at_ : 0;
}

void PitCounter::load(std::uint32_t count, Ticks at) {
  count_ = count;
  loaded_at_ = at;
  stopped_after_ = 0;
  is_counting_ = gate_ || is_triggered();
  take_over_at_.reset();
}

void PitCounter::write(std::uint8_t byte, Ticks now) {
  catch_up(now);
  switch (access_) {
    case kLowByte:
      return accept(byte, now);
    case kHighByte:
      return accept(static_cast<std::uint16_t>(byte << 8), now);
    default:
      break;
  }
  if (!first_byte_) {
    first_byte_ = byte;
    // "Writing the first byte disables counting. OUT is set low immediately." (mode 0)
    if (mode_ == 0) {
      stopped_after_ = 0;
      is_counting_ = false;
    }
    return;
  }
  const std::uint8_t low = *std::exchange(first_byte_, std::nullopt);
  accept(static_cast<std::uint16_t>(byte << 8 | low), now);
}

void PitCounter::accept(std::uint16_t written, Ticks now) {
  written_ = decode(written);
  if (is_triggered()) return;  // the next rise of the gate loads it
  if (is_rate() && count_ != 0 && is_counting_) {
    const Ticks periods = elapsed(now) / count_ + 1;
    take_over_at_ = loaded_at_ + periods * count_;
    return;
  }
  load(written_, now + 1);
}

void PitCounter::catch_up(Ticks now) {
  if (take_over_at_ && now >= *take_over_at_) load(written_, *take_over_at_);
}

void PitCounter::set_gate(bool up, Ticks now) {
  catch_up(now);
  if (up == gate_) return;
  gate_ = up;
  if (written_ == 0 || (count_ == 0 && !is_triggered())) return;
  if (up && (is_rate() || is_triggered())) return load(written_, now + 1);
  if (is_triggered()) return;
  if (!up) {
    stopped_after_ = is_rate() ? 0 : elapsed(now);
    is_counting_ = false;
  } else if (!(mode_ == 0 && first_byte_)) {
    loaded_at_ = now - std::min(now, stopped_after_);
    is_counting_ = true;
  }
}

bool PitCounter::out(Ticks now) const {
  if (take_over_at_ && now >= *take_over_at_) {
    PitCounter later = *this;
    later.catch_up(now);
    return later.out(now);
  }
  if (count_ == 0) return mode_ != 0;
  const Ticks passed = elapsed(now);
  switch (mode_) {
    case 0:
    case 1:
      return passed >= count_;
    case 2:
      return !is_counting_ || passed % count_ != count_ - 1;
    case 3:
      return !is_counting_ || passed % count_ < (count_ + 1) / 2;
    default:  // 4, 5: one tick low when the count is 0
      return passed != count_;
  }
}

std::optional<PitCounter::Ticks> PitCounter::next_rise(Ticks now) const {
  if (count_ == 0 || !is_counting_) return std::nullopt;
  if (is_rate()) {
    if (take_over_at_ && now >= *take_over_at_) {
      PitCounter later = *this;
      later.catch_up(now);
      return later.next_rise(now);
    }
    return loaded_at_ + (elapsed(now) / count_ + 1) * count_;
  }
  const Ticks rise = loaded_at_ + count_ + (mode_ >= 4 ? 1 : 0);
  return rise > now ? std::optional(rise) : std::nullopt;
}

std::uint16_t PitCounter::count(Ticks now) const {
  if (take_over_at_ && now >= *take_over_at_) {
    PitCounter later = *this;
    later.catch_up(now);
    return later.count(now);
  }
  if (count_ == 0) return 0;
  const Ticks passed = elapsed(now);
  switch (mode_) {
    case 2:
      return encode(static_cast<std::uint32_t>(count_ - passed % count_));
    case 3: {
      // By two; an odd count loses one first. Low is the shorter half.
      const auto within = static_cast<std::uint32_t>(passed % count_);
      const std::uint32_t high = (count_ + 1) / 2;
      return encode((count_ & ~1U) - 2 * (within < high ? within : within - high));
    }
    default: {
      // Past 0 it goes on from the highest count.
      const auto down = static_cast<std::uint32_t>(passed % modulus());
      return encode(count_ + modulus() - down);
    }
  }
}

bool PitCounter::is_null_count(Ticks now) const {
  return written_ == 0 || take_over_at_.has_value() || count_ != written_ || now < loaded_at_;
}

void PitCounter::latch_count(Ticks now) {
  catch_up(now);
  if (!latched_count_) latched_count_ = count(now);
}

void PitCounter::latch_status(Ticks now) {
  catch_up(now);
  if (latched_status_) return;
  latched_status_ = static_cast<std::uint8_t>(control_ | (out(now) ? kStatusOut : 0) |
                                              (is_null_count(now) ? kStatusNullCount : 0));
}

std::uint8_t PitCounter::read(Ticks now) {
  catch_up(now);
  if (latched_status_) return *std::exchange(latched_status_, std::nullopt);
  const std::uint16_t value = latched_count_ ? *latched_count_ : count(now);
  const bool high = access_ == kHighByte || (access_ == kBothBytes && second_byte_is_next_);
  if (access_ == kBothBytes) second_byte_is_next_ = !second_byte_is_next_;
  // A latched count stays until it is read whole.
  if (access_ != kBothBytes || high) latched_count_.reset();
  return static_cast<std::uint8_t>(high ? value >> 8 : value);
}

}  // namespace skiff
