// Skiff's own messages: to stderr or a file, never to stdout, which carries guest bytes only.
// spdlog stays behind log.cc, so that including this header costs fmt's core alone.
// Thread rule: any thread, except log_setup (main, before other threads exist).
#pragma once

#include <fmt/core.h>

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace skiff {

enum class LogLevel { trace, debug, info, warning, error, off };

// "trace", "debug", "info", "warning" (or "warn"), "error", "off".
std::optional<LogLevel> parse_log_level(std::string_view text);

// `file` empty: stderr. Throws HostError if the file cannot be opened for appending.
void log_setup(LogLevel level, const std::string& file);
bool log_enabled(LogLevel level) noexcept;
void log_message(LogLevel level, std::string_view message);
// While stderr's terminal is raw, lines end in CR LF. Main thread.
void log_set_raw_terminal(bool raw);
// Writes out what is buffered; called before every way out of the process.
void log_flush();

template <typename... Args>
void log(LogLevel level, fmt::format_string<Args...> format, Args&&... args) {
  if (log_enabled(level)) log_message(level, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void log_debug(fmt::format_string<Args...> format, Args&&... args) {
  log(LogLevel::debug, format, std::forward<Args>(args)...);
}
template <typename... Args>
void log_info(fmt::format_string<Args...> format, Args&&... args) {
  log(LogLevel::info, format, std::forward<Args>(args)...);
}
template <typename... Args>
void log_warning(fmt::format_string<Args...> format, Args&&... args) {
  log(LogLevel::warning, format, std::forward<Args>(args)...);
}
template <typename... Args>
void log_error(fmt::format_string<Args...> format, Args&&... args) {
  log(LogLevel::error, format, std::forward<Args>(args)...);
}

// Guest faults: each is counted, the first `kBurst` of a source are logged (at `debug` and above
// the guest cannot make Skiff print more), the rest only counted. One object per device, a member
// of it.
class GuestFaultLog {
 public:
  static constexpr std::uint64_t kBurst = 8;

  explicit GuestFaultLog(std::string_view source) : source_(source) {}

  template <typename... Args>
  void report(fmt::format_string<Args...> format, Args&&... args) {
    const std::uint64_t seen = count_.fetch_add(1, std::memory_order_relaxed);
    if (seen < kBurst && log_enabled(LogLevel::warning)) {
      emit(seen, fmt::format(format, std::forward<Args>(args)...));
    }
  }
  std::uint64_t count() const { return count_.load(std::memory_order_relaxed); }

 private:
  void emit(std::uint64_t seen, std::string_view message) const;

  const std::string source_;
  std::atomic<std::uint64_t> count_{0};
};

}  // namespace skiff
