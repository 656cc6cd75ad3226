#include "vmm/base/log.h"

#include <fcntl.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cstdio>
#include <memory>

#include "vmm/base/error.h"

namespace skiff {
namespace {

spdlog::level::level_enum to_spdlog(LogLevel level) {
  switch (level) {
    case LogLevel::trace:
      return spdlog::level::trace;
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warning:
      return spdlog::level::warn;
    case LogLevel::error:
      return spdlog::level::err;
    case LogLevel::off:
      return spdlog::level::off;
  }
  return spdlog::level::off;
}

// Lives until after every other static: devices may log while the process ends.
std::shared_ptr<spdlog::logger>& logger_slot() {
  static auto* const slot = new std::shared_ptr<spdlog::logger>;
  return *slot;
}

std::atomic<LogLevel> g_level{LogLevel::warning};
std::atomic<bool> g_raw_terminal{false};

// Whoever logs first without a log_setup (tests, mostly) makes the logger; two threads may be first
// at once, so a local static's guard lets one of them do it while the other waits.
spdlog::logger& logger() {
  [[maybe_unused]] static const bool made = [] {
    if (!logger_slot()) log_setup(g_level.load(std::memory_order_relaxed), "");
    return true;
  }();
  return *logger_slot();
}

std::unique_ptr<spdlog::formatter> stderr_formatter(bool raw) {
  return std::make_unique<spdlog::pattern_formatter>(
      "skiff: %^%l%$: %v", spdlog::pattern_time_type::local, raw ? "\r\n" : "\n");
}

}  // namespace

std::optional<LogLevel> parse_log_level(std::string_view text) {
  if (text == "trace") return LogLevel::trace;
  if (text == "debug") return LogLevel::debug;
  if (text == "info") return LogLevel::info;
  if (text == "warning" || text == "warn") return LogLevel::warning;
  if (text == "error") return LogLevel::error;
  if (text == "off") return LogLevel::off;
  return std::nullopt;
}

void log_setup(LogLevel level, const std::string& file) {
  spdlog::sink_ptr sink;
  try {
    if (file.empty()) {
      sink = std::make_shared<spdlog::sinks::stderr_color_sink_mt>();
      sink->set_formatter(stderr_formatter(false));
    } else {
      // Not for the programs that Skiff starts, and not to be taken for a descriptor from outside.
      spdlog::file_event_handlers handlers;
      handlers.after_open = [](const spdlog::filename_t&, std::FILE* opened) {
        ::fcntl(::fileno(opened), F_SETFD, FD_CLOEXEC);
      };
      sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(file, false, handlers);
      sink->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l: %v");
    }
  } catch (const spdlog::spdlog_ex& error) {
    throw HostError(std::string("cannot log to a file: ") + error.what());
  }
  auto logger = std::make_shared<spdlog::logger>("skiff", std::move(sink));
  logger->set_level(to_spdlog(level));
  logger->flush_on(spdlog::level::trace);
  g_level.store(level, std::memory_order_relaxed);
  logger_slot() = std::move(logger);
}

bool log_enabled(LogLevel level) noexcept {
  return level != LogLevel::off && level >= g_level.load(std::memory_order_relaxed);
}

void log_message(LogLevel level, std::string_view message) {
  if (!g_raw_terminal.load(std::memory_order_relaxed) ||
      message.find('\n') == std::string_view::npos) {
    logger().log(to_spdlog(level), message);
    return;
  }
  std::string lines;
  for (const char character : message) {
    if (character == '\n') lines += '\r';
    lines += character;
  }
  logger().log(to_spdlog(level), std::string_view(lines));
}

void log_set_raw_terminal(bool raw) {
  if (::isatty(STDERR_FILENO) != 1) return;
  g_raw_terminal.store(raw, std::memory_order_relaxed);
  for (const auto& sink : logger().sinks()) {
    if (dynamic_cast<spdlog::sinks::stderr_color_sink_mt*>(sink.get()) != nullptr) {
      sink->set_formatter(stderr_formatter(raw));
    }
  }
}

void log_flush() {
  logger().flush();
}

void GuestFaultLog::emit(std::uint64_t seen, std::string_view message) const {
  log(LogLevel::warning, "{}: guest fault: {}{}", source_, message,
      seen + 1 == kBurst ? " (further ones of this device are counted, not logged)" : "");
}

}  // namespace skiff
