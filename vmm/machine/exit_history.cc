#include "vmm/machine/exit_history.h"

#include <fmt/format.h>

#include <iterator>
#include <vector>

namespace skiff {
namespace {

constexpr std::size_t kValuesPerLine = 8;

std::string where(const ExitKey& key) {
  if (key.device == nullptr) {
    const char* const space = key.reason == ExitReason::port_io ? "port" : "address";
    return fmt::format("{} {:#x} (nobody)", space, key.offset);
  }
  const std::string_view name = key.device->register_name(key.offset, key.is_write);
  if (name.empty()) return fmt::format("{}+{:#x}", key.device->name(), key.offset);
  return fmt::format("{}.{}", key.device->name(), name);
}

bool same_value(const ExitLedger::Recent& a, const ExitLedger::Recent& b) {
  return a.value == b.value && a.count == b.count;
}

struct Run {
  const ExitLedger::Recent* exit;
  std::size_t times;
};

std::string values(std::span<const Run> runs) {
  std::string text;
  if (runs.size() > kValuesPerLine) {
    std::size_t left_out = 0;
    for (const Run& run : runs.first(runs.size() - kValuesPerLine))
      left_out += run.times;
    text += fmt::format("({} more) ", left_out);
    runs = runs.last(kValuesPerLine);
  }
  for (const Run& run : runs) {
    fmt::format_to(std::back_inserter(text), "{:#x}", run.exit->value);
    if (run.exit->count > 1) {
      fmt::format_to(std::back_inserter(text), " (last of {} elements)", run.exit->count);
    }
    if (run.times > 1) fmt::format_to(std::back_inserter(text), " ×{}", run.times);
    text += ", ";
  }
  text.resize(text.size() - 2);
  return text;
}

}  // namespace

std::string format_exit_history(std::span<const ExitLedger::Recent> recent) {
  if (recent.empty()) return "  (none)\n";
  std::string text;
  for (std::size_t at = 0; at < recent.size();) {
    const ExitLedger::Recent& first = recent[at];
    std::vector<Run> runs;
    for (; at < recent.size() && recent[at].key == first.key && recent[at].width == first.width;
         ++at) {
      if (!runs.empty() && same_value(*runs.back().exit, recent[at])) {
        ++runs.back().times;
      } else {
        runs.push_back({&recent[at], 1});
      }
    }
    fmt::format_to(std::back_inserter(text), "  {:<8} {:<5} {} byte{}  {} {} {}\n",
                   to_string(first.key.reason), first.key.is_write ? "write" : "read", first.width,
                   first.width == 1 ? " " : "s", where(first.key), first.key.is_write ? "<-" : "->",
                   values(runs));
  }
  return text;
}

}  // namespace skiff
