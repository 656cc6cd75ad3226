#include "devices/rtc/rtc_calendar.h"

#include <algorithm>
#include <chrono>

#include "devices/rtc/cmos_rtc_regs.h"

namespace skiff {

using namespace cmos_rtc;

namespace {

constexpr std::int64_t kMinute = 60;
constexpr std::int64_t kHour = 3600;
constexpr std::int64_t kDay = 86400;
constexpr std::int64_t kDaysIn10000Years = 25LL * 146097;  // 400 Gregorian years, 25 times
constexpr std::int64_t kDaysFromYear0 = 719528;            // 0000-01-01 to 1970-01-01

std::int64_t floor_divide(std::int64_t value, std::int64_t by) {
  return value / by - (value % by < 0 ? 1 : 0);
}

// value - floor_divide(value, by) * by, without its overflow near the ends.
std::int64_t floor_modulo(std::int64_t value, std::int64_t by) {
  return (value % by + by) % by;
}

std::uint8_t encode_number(unsigned value, RtcFormat format) {
  return static_cast<std::uint8_t>(format.binary ? value : (value / 10) << 4 | value % 10);
}

unsigned decode_number(std::uint8_t value, RtcFormat format) {
  return format.binary ? value : (value >> 4) * 10U + (value & 0x0fU);
}

std::uint8_t encode_hours(unsigned hours, RtcFormat format) {
  if (format.hours_24) return encode_number(hours, format);
  const unsigned of_twelve = hours % 12 == 0 ? 12 : hours % 12;
  const unsigned pm = hours >= 12 ? kHoursPm : 0U;
  return static_cast<std::uint8_t>(encode_number(of_twelve, format) | pm);
}

unsigned decode_hours(std::uint8_t value, RtcFormat format) {
  if (format.hours_24) return decode_number(value, format);
  const auto digits = static_cast<std::uint8_t>(value & ~kHoursPm);
  return decode_number(digits, format) % 12 + ((value & kHoursPm) != 0 ? 12U : 0U);
}

// One field of an alarm: any value, one value, or one that never comes.
struct AlarmField {
  bool any;
  unsigned value;

  bool matches(std::int64_t field) const { return any || field == value; }
};

}  // namespace

RtcTime rtc_encode(std::int64_t seconds, RtcFormat format) {
  const std::int64_t day = floor_divide(seconds, kDay);
  const std::int64_t second_of_day = floor_modulo(seconds, kDay);
  const std::int64_t day_of_era =
      floor_modulo(day % kDaysIn10000Years + kDaysFromYear0, kDaysIn10000Years);
  const std::chrono::sys_days date{std::chrono::days{day_of_era - kDaysFromYear0}};
  const std::chrono::year_month_day civil{date};
  const auto year = static_cast<unsigned>(static_cast<int>(civil.year()));
  RtcTime time;
  time.seconds = encode_number(static_cast<unsigned>(second_of_day % kMinute), format);
  time.minutes = encode_number(static_cast<unsigned>(second_of_day % kHour / kMinute), format);
  time.hours = encode_hours(static_cast<unsigned>(second_of_day / kHour), format);
  time.day_of_week = encode_number(std::chrono::weekday{date}.c_encoding() + 1, format);
  time.day_of_month = encode_number(static_cast<unsigned>(civil.day()), format);
  time.month = encode_number(static_cast<unsigned>(civil.month()), format);
  time.year = encode_number(year % 100, format);
  time.century = encode_number(year / 100, format);
  return time;
}

std::int64_t rtc_decode(const RtcTime& time, RtcFormat format) {
  const unsigned second = std::min(decode_number(time.seconds, format), 59U);
  const unsigned minute = std::min(decode_number(time.minutes, format), 59U);
  const unsigned hour = std::min(decode_hours(time.hours, format), 23U);
  const unsigned day = std::clamp(decode_number(time.day_of_month, format), 1U, 31U);
  const unsigned month = std::clamp(decode_number(time.month, format), 1U, 12U);
  const unsigned year = std::min(decode_number(time.year, format), 99U) +
                        100 * std::min(decode_number(time.century, format), 99U);
  // The 31st of a month of thirty days is the first of the next.
  const std::chrono::sys_days first{std::chrono::year{static_cast<int>(year)} /
                                    std::chrono::month{month} / 1};
  return (first.time_since_epoch().count() + static_cast<std::int64_t>(day) - 1) * kDay +
         hour * kHour + minute * kMinute + second;
}

std::optional<std::int64_t> rtc_next_alarm(std::int64_t after, const RtcAlarm& alarm,
                                           RtcFormat format) {
  const auto field = [](std::uint8_t byte, unsigned value) {
    return AlarmField{(byte & kDontCare) == kDontCare, value};
  };
  const AlarmField second = field(alarm.seconds, decode_number(alarm.seconds, format));
  const AlarmField minute = field(alarm.minutes, decode_number(alarm.minutes, format));
  const AlarmField hour = field(alarm.hours, decode_hours(alarm.hours, format));
  const auto never = [](AlarmField f, unsigned limit) { return !f.any && f.value >= limit; };
  if (never(second, 60) || never(minute, 60) || never(hour, 24)) return std::nullopt;

  // Skips whole hours and minutes that do not match, so a match is near.
  std::int64_t at = after + 1;
  while (true) {
    const std::int64_t of_day = floor_modulo(at, kDay);
    if (!hour.matches(of_day / kHour)) {
      at += kHour - of_day % kHour;
    } else if (!minute.matches(of_day % kHour / kMinute)) {
      at += kMinute - of_day % kMinute;
    } else if (!second.matches(of_day % kMinute)) {
      at += 1;
    } else {
      return at;
    }
  }
}

}  // namespace skiff
