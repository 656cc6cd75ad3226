#include "vmm/cli/log_times.h"

#include <array>
#include <charconv>
#include <ctime>

namespace skiff {
namespace {

// Takes exactly `digits` digits from the front.
bool take_number(std::string_view& text, std::size_t digits, int& into) {
  if (text.size() < digits) return false;
  into = 0;
  for (const char c : text.substr(0, digits)) {
    if (c < '0' || c > '9') return false;
    into = into * 10 + (c - '0');
  }
  text.remove_prefix(digits);
  return true;
}

bool take(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

// "Z", "+01:00", "+0100": seconds east of UTC; nothing: local time.
std::optional<int> take_zone(std::string_view& text) {
  if (take(text, 'Z')) return 0;
  if (text.empty() || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  const int sign = text[0] == '-' ? -1 : 1;
  std::string_view rest = text.substr(1);
  int hours = 0;
  int minutes = 0;
  if (!take_number(rest, 2, hours)) return std::nullopt;
  take(rest, ':');
  if (!take_number(rest, 2, minutes)) return std::nullopt;
  text = rest;
  return sign * (hours * 3600 + minutes * 60);
}

// ".123": milliseconds; further digits are passed over.
int take_fraction(std::string_view& text) {
  int ms = 0;
  if (!text.starts_with('.')) return 0;
  text.remove_prefix(1);
  for (int weight = 100; !text.empty() && text[0] >= '0' && text[0] <= '9'; weight /= 10) {
    ms += weight * (text[0] - '0');
    text.remove_prefix(1);
  }
  return ms;
}

}  // namespace

std::optional<LogTime> parse_log_time(std::string_view text) {
  std::tm parts{};
  const bool date = take_number(text, 4, parts.tm_year) && take(text, '-') &&
                    take_number(text, 2, parts.tm_mon) && take(text, '-') &&
                    take_number(text, 2, parts.tm_mday);
  if (!date || parts.tm_mon < 1 || parts.tm_mon > 12 || parts.tm_mday < 1 || parts.tm_mday > 31) {
    return std::nullopt;
  }
  parts.tm_year -= 1900;
  parts.tm_mon -= 1;
  parts.tm_isdst = -1;
  int ms = 0;
  std::optional<int> zone;
  if (take(text, 'T') || take(text, ' ')) {
    if (!take_number(text, 2, parts.tm_hour) || !take(text, ':') ||
        !take_number(text, 2, parts.tm_min) || parts.tm_hour > 23 || parts.tm_min > 59) {
      return std::nullopt;
    }
    if (take(text, ':') && (!take_number(text, 2, parts.tm_sec) || parts.tm_sec > 60)) {
      return std::nullopt;
    }
    ms = take_fraction(text);
    zone = take_zone(text);
  }
  const std::time_t seconds = zone ? ::timegm(&parts) - *zone : ::mktime(&parts);
  return std::chrono::system_clock::from_time_t(seconds) + std::chrono::milliseconds(ms);
}

std::optional<LogTime> parse_since(std::string_view text, LogTime now) {
  std::uint32_t count = 0;
  const auto [at, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  const std::string_view unit(at, static_cast<std::size_t>(text.data() + text.size() - at));
  if (error == std::errc()) {
    if (unit.empty() || unit == "s") return now - std::chrono::seconds(count);
    if (unit == "m") return now - std::chrono::minutes(count);
    if (unit == "h") return now - std::chrono::hours(count);
    if (unit == "d" && count < 100'000) return now - std::chrono::hours(24LL * count);
  }
  return parse_log_time(text);
}

bool LogFilter::passes(std::string_view line) {
  if (const auto time = since_ ? parse_log_time(line) : std::nullopt) passing_ = *time >= *since_;
  return passing_;
}

std::string LogFilter::feed(std::string_view text) {
  if (!since_) return std::string(text);
  std::string out;
  line_ += text;
  std::size_t begin = 0;
  for (auto end = line_.find('\n'); end != std::string::npos; end = line_.find('\n', begin)) {
    const std::string_view line = std::string_view(line_).substr(begin, end + 1 - begin);
    if (passes(line)) out += line;
    begin = end + 1;
  }
  line_.erase(0, begin);
  return out;
}

std::string LogFilter::finish() {
  return passes(line_) ? std::move(line_) : std::string();
}

}  // namespace skiff
