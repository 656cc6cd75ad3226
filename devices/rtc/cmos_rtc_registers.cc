// The registers of the real-time clock: everything that happens under the mutex.
#include <algorithm>

#include "devices/rtc/cmos_rtc.h"
#include "devices/rtc/cmos_rtc_regs.h"

namespace skiff {

using namespace cmos_rtc;

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kUpdateWindow =
    244'000;  // t_BUC: UIP is set this long before an update [ns]
// An alarm far ahead is looked at again in between, because the host's wall clock may be set.
constexpr std::int64_t kLongestSleep = 60;

bool is_time_register(std::uint8_t index) {
  return index == kSeconds || index == kMinutes || index == kHours ||
         (index >= kDayOfWeek && index <= kYear) || index == kCentury;
}

}  // namespace

RtcFormat CmosRtc::format() const {
  const std::uint8_t b = state_.ram[kRegisterB];
  return {.binary = (b & kDm) != 0, .hours_24 = (b & kHours24) != 0};
}

RtcAlarm CmosRtc::alarm() const {
  return {state_.ram[kSecondsAlarm], state_.ram[kMinutesAlarm], state_.ram[kHoursAlarm]};
}

bool CmosRtc::divider_in_reset() const {
  return (state_.ram[kRegisterA] & kDividerReset) == kDividerReset;
}

bool CmosRtc::stopped() const {
  return (state_.ram[kRegisterB] & kSet) != 0 || divider_in_reset();
}

bool CmosRtc::irq_flag() const {
  return (state_.ram[kRegisterC] & state_.ram[kRegisterB] & (kPf | kAf | kUf)) != 0;
}

// [Hz]; 0: no periodic rate. Table 5 of the data sheet: rates 1 and 2 repeat 8 and 9.
std::int64_t CmosRtc::periodic_frequency() const {
  unsigned rate = state_.ram[kRegisterA] & kRateMask;
  if (rate == 0 || divider_in_reset()) return 0;
  if (rate <= 2) rate += 7;
  return 32768 >> (rate - 1);
}

std::int64_t CmosRtc::periodic_tick() const {
  const std::int64_t frequency = periodic_frequency();
  const std::int64_t now = clock_.monotonic().count();
  return now / kSecond * frequency + now % kSecond * frequency / kSecond;
}

CmosRtc::GuestTime CmosRtc::guest_time() const {
  const std::int64_t wall = clock_.wall().count() + state_.phase;
  const std::int64_t second = wall / kSecond - (wall % kSecond < 0 ? 1 : 0);
  return {second + state_.offset_seconds, wall - second * kSecond};
}

// The time registers become bytes in RAM, where a stopped clock keeps them.
void CmosRtc::latch_time() {
  const RtcTime time = rtc_encode(guest_time().second, format());
  auto& ram = state_.ram;
  ram[kSeconds] = time.seconds;
  ram[kMinutes] = time.minutes;
  ram[kHours] = time.hours;
  ram[kDayOfWeek] = time.day_of_week;
  ram[kDayOfMonth] = time.day_of_month;
  ram[kMonth] = time.month;
  ram[kYear] = time.year;
  ram[kCentury] = time.century;
}

void CmosRtc::set_time_from_latch() {
  const auto& ram = state_.ram;
  const RtcTime time{.seconds = ram[kSeconds],
                     .minutes = ram[kMinutes],
                     .hours = ram[kHours],
                     .day_of_week = ram[kDayOfWeek],
                     .day_of_month = ram[kDayOfMonth],
                     .month = ram[kMonth],
                     .year = ram[kYear],
                     .century = ram[kCentury]};
  const std::int64_t second = rtc_decode(time, format());
  state_.offset_seconds += second - guest_time().second;
  state_.seen_second = second;
}

// Sets the flags for everything that has happened since the last look.
void CmosRtc::catch_up() {
  auto& flags = state_.ram[kRegisterC];
  if (!stopped()) {
    const std::int64_t second = guest_time().second;
    if (second > state_.seen_second) {
      flags |= kUf;
      const auto due = rtc_next_alarm(state_.seen_second, alarm(), format());
      if (due && *due <= second) flags |= kAf;
    }
    state_.seen_second = second;
  }
  const std::int64_t tick = periodic_tick();
  if (tick > state_.seen_tick) flags |= kPf;
  state_.seen_tick = tick;
}

std::optional<Clock::Nanoseconds> CmosRtc::next_deadline() const {
  const std::uint8_t enabled = state_.ram[kRegisterB];
  if (irq_flag()) return std::nullopt;  // the wire is up until register C is read
  const Clock::Nanoseconds now = clock_.monotonic();
  std::optional<Clock::Nanoseconds> deadline;
  const auto consider = [&](std::int64_t at) {
    const Clock::Nanoseconds candidate{at};
    if (!deadline || candidate < *deadline) deadline = candidate;
  };
  if (const std::int64_t frequency = periodic_frequency();
      (enabled & kPie) != 0 && frequency != 0) {
    const std::int64_t tick = state_.seen_tick + 1;
    consider(tick / frequency * kSecond + (tick % frequency * kSecond + frequency - 1) / frequency);
  }
  if (stopped()) return deadline;
  const GuestTime time = guest_time();
  if ((enabled & kUie) != 0) consider(now.count() + kSecond - time.nanoseconds);
  if ((enabled & kAie) != 0) {
    if (const auto due = rtc_next_alarm(state_.seen_second, alarm(), format())) {
      const std::int64_t wait = std::clamp<std::int64_t>(*due - time.second, 0, kLongestSleep);
      consider(now.count() + std::max<std::int64_t>(wait * kSecond - time.nanoseconds, 0));
    }
  }
  return deadline;
}

std::uint8_t CmosRtc::read_data() {
  const std::uint8_t index = state_.index;
  auto& ram = state_.ram;
  if (is_time_register(index)) {
    if (!stopped()) latch_time();
    return ram[index];
  }
  if (index == kRegisterA) {
    const bool updating = !stopped() && guest_time().nanoseconds >= kSecond - kUpdateWindow;
    return static_cast<std::uint8_t>(ram[index] | (updating ? kUip : 0));
  }
  if (index == kRegisterC) {
    catch_up();
    const std::uint8_t flags = ram[index];
    const bool irqf = irq_flag();
    ram[index] = 0;
    return static_cast<std::uint8_t>(flags | (irqf ? kIrqf : 0));
  }
  return ram[index];
}

void CmosRtc::write_data(std::uint8_t value) {
  const std::uint8_t index = state_.index;
  catch_up();
  if (is_time_register(index)) {
    write_time(index, value);
  } else if (index == kRegisterA || index == kRegisterB) {
    write_control(index, value);
  } else if (index != kRegisterC && index != kRegisterD) {
    state_.ram[index] = value;
  }
}

void CmosRtc::write_time(std::uint8_t index, std::uint8_t value) {
  if (stopped()) {
    state_.ram[index] = value;
    return;
  }
  latch_time();
  state_.ram[index] = value;
  set_time_from_latch();
}

void CmosRtc::write_control(std::uint8_t index, std::uint8_t value) {
  const bool was_stopped = stopped();
  const bool was_in_reset = divider_in_reset();
  if (!was_stopped) latch_time();
  if (index == kRegisterA) {
    state_.ram[index] = value & static_cast<std::uint8_t>(~kUip);
    state_.seen_tick = periodic_tick();  // a new rate counts from now
  } else {
    // SET clears UIE (data sheet, register B).
    if ((value & kSet) != 0) value &= static_cast<std::uint8_t>(~kUie);
    state_.ram[index] = value;
  }
  if (was_in_reset && !divider_in_reset()) {
    // The first update comes half a second after the divider is released.
    const std::int64_t within = (clock_.wall().count() % kSecond + kSecond) % kSecond;
    const GuestTime before = guest_time();
    state_.phase = (kSecond + kSecond / 2 - within) % kSecond;
    state_.offset_seconds += before.second - guest_time().second;
  }
  if (was_stopped && !stopped()) set_time_from_latch();
}

}  // namespace skiff
