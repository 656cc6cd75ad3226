#include "vmm/machine/config_tree.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "vmm/machine/config_scan.h"

// The library asserts (and in release builds has clang assume) that a key follows "[", before it
// checks that: a file beginning "[=" would abort, or worse. Its checks behind those assertions are
// sound, so the assertions go, in both kinds of build.
#pragma push_macro("NDEBUG")
#undef NDEBUG
#define TOML_ASSERT(expr) static_assert(true)
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#define TOML_MAX_NESTED_VALUES 16
#include <toml++/toml.h>
#pragma pop_macro("NDEBUG")

namespace skiff {
namespace {

static_assert(TOML_MAX_NESTED_VALUES == kMaxConfigDepth);

ConfigPlace place_of(const toml::source_region& region, std::uint32_t source) {
  ConfigPlace place{.source = source, .line = region.begin.line, .column = region.begin.column};
  if (region.end.line == region.begin.line && region.end.column > region.begin.column) {
    place.width = region.end.column - region.begin.column;
  }
  return place;
}

// Recursion is bounded: brackets by TOML_MAX_NESTED_VALUES, dotted keys by find_hazard.
ConfigNode convert(const toml::node& from, std::uint32_t source) {
  ConfigNode node;
  node.place = place_of(from.source(), source);
  switch (from.type()) {
    case toml::node_type::boolean:
      node.kind = ConfigNode::Kind::boolean;
      node.boolean = from.as_boolean()->get();
      break;
    case toml::node_type::integer:
      node.kind = ConfigNode::Kind::integer;
      node.integer = from.as_integer()->get();
      break;
    case toml::node_type::floating_point:
      node.kind = ConfigNode::Kind::floating;
      node.floating = from.as_floating_point()->get();
      break;
    case toml::node_type::string:
      node.kind = ConfigNode::Kind::string;
      node.string = from.as_string()->get();
      break;
    case toml::node_type::array:
      node.kind = ConfigNode::Kind::array;
      for (const toml::node& item : *from.as_array())
        node.items.push_back(convert(item, source));
      break;
    case toml::node_type::table:
      node.kind = ConfigNode::Kind::table;
      for (const auto& [key, value] : *from.as_table()) {
        node.entries.push_back(ConfigEntry{.key = std::string(key.str()),
                                           .place = place_of(key.source(), source),
                                           .value = convert(value, source)});
      }
      std::sort(node.entries.begin(), node.entries.end(),
                [](const ConfigEntry& a, const ConfigEntry& b) {
                  return std::pair(a.place.line, a.place.column) <
                         std::pair(b.place.line, b.place.column);
                });
      break;
    default:
      node.kind = ConfigNode::Kind::date;
      break;
  }
  return node;
}

// The library's sentence without its own habits.
std::string plain(std::string_view text) {
  constexpr std::string_view kPrefix = "Error while parsing ";
  constexpr std::string_view kSuffix = " (TOML_MAX_NESTED_VALUES)";
  if (text.find("control characters other than TAB") != std::string_view::npos) {
    return "a string holds a control character, or is not closed on its line";
  }
  if (text.ends_with(kSuffix)) text.remove_suffix(kSuffix.size());
  std::string out(text);
  if (text.starts_with(kPrefix)) out = "in a " + out.substr(kPrefix.size());
  if (text.find("could not determine value type") != std::string_view::npos ||
      text.find("expected digit, saw") != std::string_view::npos) {
    out += "; text and sizes belong in quotes";
  }
  return out;
}

}  // namespace

const ConfigEntry* ConfigNode::find(std::string_view key) const {
  const auto found = std::find_if(entries.begin(), entries.end(),
                                  [key](const ConfigEntry& entry) { return entry.key == key; });
  return found == entries.end() ? nullptr : &*found;
}

ConfigEntry* ConfigNode::find(std::string_view key) {
  return const_cast<ConfigEntry*>(std::as_const(*this).find(key));
}

std::expected<ConfigNode, ConfigSyntaxError> parse_config_text(std::string_view text,
                                                               std::uint32_t source) {
  if (auto hazard = find_hazard(text, kMaxConfigDepth)) {
    hazard->place.source = source;
    return std::unexpected(std::move(*hazard));
  }
  const toml::parse_result result = toml::parse(text);
  if (result.failed()) {
    const toml::parse_error& error = result.error();
    return std::unexpected(ConfigSyntaxError{place_of(error.source(), source),
                                             "not valid TOML: " + plain(error.description())});
  }
  return convert(result.table(), source);
}

std::string quoted(std::string_view text) {
  constexpr std::size_t kShown = 60;
  std::string out = "\"";
  for (const char c : text.substr(0, kShown)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  // Do not leave half a character where the text was cut.
  if (text.size() > kShown) {
    while ((static_cast<unsigned char>(out.back()) & 0xc0) == 0x80)
      out.pop_back();
    if ((static_cast<unsigned char>(out.back()) & 0xc0) == 0xc0) out.pop_back();
    out += "…";
  }
  return out + '"';
}

std::string describe(const ConfigNode& node) {
  switch (node.kind) {
    case ConfigNode::Kind::boolean:
      return node.boolean ? "the boolean true" : "the boolean false";
    case ConfigNode::Kind::integer:
      return fmt::format("the integer {}", node.integer);
    case ConfigNode::Kind::floating:
      return fmt::format("the number {}", node.floating);
    case ConfigNode::Kind::string:
      return "the string " + quoted(node.string);
    case ConfigNode::Kind::date:
      return "a date or time";
    case ConfigNode::Kind::array:
      return "an array";
    case ConfigNode::Kind::table:
      return "a table";
  }
  return "a value";
}

}  // namespace skiff
