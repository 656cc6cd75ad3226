// A configuration before anyone has judged it: values with the place each was written at. Keeps the
// TOML library (slow to compile) inside config_tree.cc.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace skiff {

// Where something was written. Source 0 is the file, source n the n-th override of the command
// line, which has no lines. Columns count characters (code points) from 1.
struct ConfigPlace {
  std::uint32_t source = 0;
  std::uint32_t line = 0;  // 0: nowhere in particular
  std::uint32_t column = 0;
  std::uint32_t width = 1;  // characters the value takes on that line
};

struct ConfigEntry;

struct ConfigNode {
  enum class Kind { boolean, integer, floating, string, date, array, table };

  Kind kind = Kind::table;
  bool boolean = false;
  std::int64_t integer = 0;
  double floating = 0;
  std::string string;
  std::vector<ConfigNode> items;     // of an array
  std::vector<ConfigEntry> entries;  // of a table, in the order they were written
  ConfigPlace place;

  const ConfigEntry* find(std::string_view key) const;
  ConfigEntry* find(std::string_view key);
};

struct ConfigEntry {
  std::string key;
  ConfigPlace place;
  ConfigNode value;
};

struct ConfigSyntaxError {
  ConfigPlace place;
  std::string message;
};

// Depth of tables and arrays accepted: a key may have this many dotted parts, a value this many
// brackets. Keeps a hostile file from recursing off the stack.
inline constexpr unsigned kMaxConfigDepth = 16;

// The tree of a TOML text. Pure; any bytes are welcome. All places get `source`.
std::expected<ConfigNode, ConfigSyntaxError> parse_config_text(std::string_view text,
                                                               std::uint32_t source);

// "the integer 3", "the string \"abc\"", "an array": for error messages; bounded in length.
std::string describe(const ConfigNode& node);
// A text in quotes, control characters escaped, cut after about 60 bytes.
std::string quoted(std::string_view text);

}  // namespace skiff
