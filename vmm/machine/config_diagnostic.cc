#include "vmm/machine/config_diagnostic.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstddef>
#include <tuple>
#include <utility>

namespace skiff {
namespace {

constexpr std::size_t kShownColumns = 160;

std::string_view line_of(std::string_view text, std::uint32_t line) {
  for (; line > 1; --line) {
    const auto end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  text = text.substr(0, text.find('\n'));
  if (!text.empty() && text.back() == '\r') text.remove_suffix(1);
  return text;
}

// The line in columns of one terminal cell each: tabs become one blank, control characters and
// bytes that are no UTF-8 become '?'. Each element is one character.
std::vector<std::string> columns_of(std::string_view line) {
  std::vector<std::string> columns;
  for (std::size_t at = 0; at < line.size() && columns.size() < kShownColumns * 8;) {
    const auto byte = static_cast<unsigned char>(line[at]);
    std::size_t length = 1;
    if (byte >= 0xf0) {
      length = 4;
    } else if (byte >= 0xe0) {
      length = 3;
    } else if (byte >= 0xc0) {
      length = 2;
    }
    bool sound = byte < 0x80 || (byte >= 0xc2 && byte <= 0xf4 && at + length <= line.size());
    for (std::size_t i = 1; sound && i < length; ++i) {
      sound = (static_cast<unsigned char>(line[at + i]) & 0xc0) == 0x80;
    }
    // U+0080 to U+009F are control characters too.
    if (sound && byte == 0xc2 && static_cast<unsigned char>(line[at + 1]) < 0xa0) sound = false;
    if (!sound) {
      columns.emplace_back("?");
      at += 1;
      continue;
    }
    if (byte == '\t') {
      columns.emplace_back(" ");
    } else if (byte < 0x20 || byte == 0x7f) {
      columns.emplace_back("?");
    } else {
      columns.emplace_back(line.substr(at, length));
    }
    at += length;
  }
  return columns;
}

}  // namespace

void ConfigDiagnostics::error(const ConfigPlace& place, std::string message) {
  list_.push_back({place, std::move(message)});
}

std::vector<ConfigDiagnostic> ConfigDiagnostics::take_sorted() {
  std::sort(list_.begin(), list_.end(), [](const ConfigDiagnostic& a, const ConfigDiagnostic& b) {
    return std::tie(a.place.source, a.place.line, a.place.column, a.message) <
           std::tie(b.place.source, b.place.line, b.place.column, b.message);
  });
  return std::exchange(list_, {});
}

std::string render_diagnostic(const ConfigDiagnostic& diagnostic, std::string_view file_name,
                              std::string_view file_text, const std::vector<std::string>& labels) {
  const ConfigPlace& place = diagnostic.place;
  if (place.source != 0) {
    const std::string_view label =
        place.source <= labels.size() ? std::string_view(labels[place.source - 1]) : "command line";
    return fmt::format("{}: error: {}\n", label, diagnostic.message);
  }
  if (place.line == 0) return fmt::format("{}: error: {}\n", file_name, diagnostic.message);
  std::string out =
      fmt::format("{}:{}:{}: error: {}\n", file_name, place.line, place.column, diagnostic.message);

  const auto columns = columns_of(line_of(file_text, place.line));
  // A long line is shown from a bit before the place.
  std::size_t first = 0;
  if (place.column > kShownColumns / 2 && columns.size() > kShownColumns) {
    first = std::min<std::size_t>(place.column - kShownColumns / 2, columns.size());
  }
  const std::size_t last = std::min(columns.size(), first + kShownColumns);
  std::string shown;
  for (std::size_t i = first; i < last; ++i)
    shown += columns[i];
  const std::size_t before =
      place.column == 0 ? 0 : place.column - 1 - std::min<std::size_t>(first, place.column - 1);
  const std::size_t room = last > first + before ? last - first - before : 1;
  const std::size_t width = std::clamp<std::size_t>(place.width, 1, room);
  const std::string gutter = fmt::format("{:5}", place.line);
  out += fmt::format("{} | {}\n{:>{}} | {:>{}}^{:~>{}}\n", gutter, shown, "", gutter.size(), "",
                     std::min(before, kShownColumns), "", width - 1);
  return out;
}

}  // namespace skiff
