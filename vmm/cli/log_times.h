// Times in logs, and the times people ask for.
// Thread rule: any thread; no state is kept.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace skiff {

using LogTime = std::chrono::system_clock::time_point;

// "2026-01-31T12:00:00", with or without ".123", and with "Z", "+01:00" or, for local time,
// nothing, at the beginning of `text`; "2026-01-31" and "2026-01-31 12:00" too.
std::optional<LogTime> parse_log_time(std::string_view text);
// A time as above, or how long before `now`: "90", "90s", "15m", "2h", "1d".
std::optional<LogTime> parse_since(std::string_view text, LogTime now);

// Of a stream of log text, the lines from `since` on. A line without a time goes with the one
// before it.
class LogFilter {
 public:
  explicit LogFilter(std::optional<LogTime> since) : since_(since), passing_(!since) {}
  // `text`: any piece of the stream, lines cut anywhere.
  std::string feed(std::string_view text);
  // The last line, if it has no end yet.
  std::string finish();

 private:
  bool passes(std::string_view line);

  const std::optional<LogTime> since_;
  bool passing_;
  std::string line_;
};

}  // namespace skiff
