// The console's escape key as a person writes it.
#pragma once

#include <optional>
#include <string_view>

namespace skiff {

// "ctrl-a" to "ctrl-z", "ctrl-]", "ctrl-^", "ctrl-_" (or "Ctrl-"), or "none", which is 0; nothing
// for anything else.
constexpr std::optional<char> parse_escape_key(std::string_view text) {
  if (text == "none") return '\0';
  if (text.size() != 6 || !(text.starts_with("ctrl-") || text.starts_with("Ctrl-"))) return {};
  const char key = text[5];
  if (!((key >= 'a' && key <= 'z') || (key >= ']' && key <= '_'))) return {};
  // A control character is the letter's low five bits.
  return static_cast<char>(key & 0x1f);
}

}  // namespace skiff
