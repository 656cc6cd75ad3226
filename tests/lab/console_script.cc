#include "tests/lab/console_script.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <stdexcept>
#include <utility>

namespace skiff::lab {
namespace {

constexpr std::array<std::pair<std::string_view, StepKind>, 7> kKinds = {{
    {"expect", StepKind::expect},
    {"send", StepKind::send},
    {"signal", StepKind::signal},
    {"close", StepKind::close},
    {"sleep", StepKind::sleep},
    {"exit", StepKind::exit},
    {"reject", StepKind::reject},
}};

std::optional<StepKind> kind_named(std::string_view name) {
  for (const auto& [known, kind] : kKinds) {
    if (known == name) return kind;
  }
  return std::nullopt;
}

std::runtime_error bad_line(int line, const std::string& what) {
  return std::runtime_error("line " + std::to_string(line) + ": " + what);
}

std::string resolve_escapes(std::string_view text, int line) {
  std::string result;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      result += text[i];
      continue;
    }
    if (++i == text.size()) throw bad_line(line, "a backslash at the end");
    switch (text[i]) {
      case 'n':
        result += '\n';
        break;
      case 'r':
        result += '\r';
        break;
      case 't':
        result += '\t';
        break;
      case '\\':
        result += '\\';
        break;
      case 'x': {
        unsigned value = 0;
        const char* digits = text.data() + i + 1;
        if (i + 2 >= text.size() ||
            std::from_chars(digits, digits + 2, value, 16).ptr != digits + 2) {
          throw bad_line(line, "\\x needs two hexadecimal digits");
        }
        result += static_cast<char>(value);
        i += 2;
        break;
      }
      default:
        throw bad_line(line, std::string("unknown escape \\") + text[i]);
    }
  }
  return result;
}

}  // namespace

std::vector<Step> parse_console_script(std::string_view script) {
  std::vector<Step> steps;
  int number = 0;
  while (!script.empty()) {
    const size_t end = script.find('\n');
    std::string_view line = script.substr(0, end);
    script = end == std::string_view::npos ? std::string_view{} : script.substr(end + 1);
    ++number;
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    if (line.empty() || line.front() == '#') continue;
    const size_t blank = line.find(' ');
    const auto kind = kind_named(line.substr(0, blank));
    if (!kind)
      throw bad_line(number, "unknown step \"" + std::string(line.substr(0, blank)) + "\"");
    const std::string_view text =
        blank == std::string_view::npos ? std::string_view{} : line.substr(blank + 1);
    if (text.empty() && *kind != StepKind::close) throw bad_line(number, "this step needs a text");
    steps.push_back({*kind, resolve_escapes(text, number), number});
  }
  return steps;
}

}  // namespace skiff::lab
