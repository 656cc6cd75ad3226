#include "vmm/machine/config_scan.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstddef>

namespace skiff {
namespace {

bool is_beyond_ascii(char c) {
  return static_cast<unsigned char>(c) >= 0x80;
}

// Where the string that opens at `at` ends: "basic", 'literal', and both with three quotes. An
// unclosed one-line string ends at its line (a syntax error, so nothing after it is parsed).
std::size_t end_of_string(std::string_view text, std::size_t at) {
  const char quote = text[at];
  const bool escapes = quote == '"';
  const bool multi_line = text.substr(at, 3) == std::string_view(escapes ? "\"\"\"" : "'''");
  at += multi_line ? 3 : 1;
  while (at < text.size()) {
    const char c = text[at];
    if (!multi_line && c == '\n') return at;
    if (escapes && c == '\\') {
      at += multi_line || !text.substr(at).starts_with("\\\n") ? 2 : 1;
      continue;
    }
    if (c == quote) {
      if (!multi_line) return at + 1;
      std::size_t run = 0;
      while (at < text.size() && text[at] == quote && run < 5) {
        ++at;
        ++run;
      }
      if (run >= 3) return at;  // up to two quotes may belong to the content
      continue;
    }
    ++at;
  }
  return text.size();
}

// The place of byte `at`; columns count characters, of which each has one byte that is no
// continuation byte.
ConfigPlace place_at(std::string_view text, std::size_t at) {
  const std::string_view before = text.substr(0, at);
  const auto line_start = before.rfind('\n') + 1;  // npos + 1 is 0
  const std::string_view line = before.substr(line_start);
  return {
      .source = 0,
      .line = static_cast<std::uint32_t>(1 + std::count(before.begin(), before.end(), '\n')),
      .column = static_cast<std::uint32_t>(
          1 + std::count_if(line.begin(), line.end(),
                            [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; })),
      .width = 1};
}

}  // namespace

std::optional<ConfigSyntaxError> find_hazard(std::string_view text, unsigned limit) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  unsigned dots = 0;
  for (std::size_t at = text.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0;
       at < text.size();) {
    const char c = text[at];
    if (c == '"' || c == '\'') {
      at = end_of_string(text, at);
      continue;
    }
    if (c == '#') {
      at = std::min(text.find('\n', at), text.size());
      continue;
    }
    if (is_beyond_ascii(c)) {
      return ConfigSyntaxError{
          place_at(text, at),
          "not valid TOML: a character beyond ASCII; it belongs in quotes or a comment"};
    }
    if (c == '.' && ++dots >= limit) {
      return ConfigSyntaxError{place_at(text, at),
                               fmt::format("a key may have at most {} dotted parts", limit)};
    }
    if (std::string_view("\n={}[],").find(c) != std::string_view::npos) dots = 0;
    ++at;
  }
  return std::nullopt;
}

}  // namespace skiff
