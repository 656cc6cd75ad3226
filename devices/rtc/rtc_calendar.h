// The MC146818's way to write a time (BCD or binary, 12 or 24 hours) to and from a count of
// seconds. Pure functions, total: a guest may have written any byte into any register.
#pragma once

#include <cstdint>
#include <optional>

namespace skiff {

struct RtcFormat {
  bool binary = false;
  bool hours_24 = true;
};

// The bytes of the time registers.
struct RtcTime {
  std::uint8_t seconds = 0;
  std::uint8_t minutes = 0;
  std::uint8_t hours = 0;
  std::uint8_t day_of_week = 1;  // 1 is Sunday
  std::uint8_t day_of_month = 1;
  std::uint8_t month = 1;
  std::uint8_t year = 0;
  std::uint8_t century = 0;
  friend bool operator==(const RtcTime&, const RtcTime&) = default;
};

// `seconds` since 1970-01-01 00:00:00; the year is taken modulo 10000.
RtcTime rtc_encode(std::int64_t seconds, RtcFormat format);
// Fields out of range are taken as the nearest in range; day_of_week is not looked at.
std::int64_t rtc_decode(const RtcTime& time, RtcFormat format);

// The bytes of the alarm registers.
struct RtcAlarm {
  std::uint8_t seconds = 0;
  std::uint8_t minutes = 0;
  std::uint8_t hours = 0;
};

// The first second after `after` at which the alarm matches; nothing if it never does. Each field
// is a value or "don't care" (11xxxxxx). At most some 150 steps.
std::optional<std::int64_t> rtc_next_alarm(std::int64_t after, const RtcAlarm& alarm,
                                           RtcFormat format);

}  // namespace skiff
