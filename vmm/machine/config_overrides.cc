#include "vmm/machine/config_overrides.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>

#include "vmm/machine/config_keys.h"

namespace skiff {
namespace {

using Kind = ConfigNode::Kind;

// An index only names a section of a list; nobody has this many.
constexpr std::size_t kMaxIndex = 4096;

ConfigPlace place_in(std::uint32_t source) {
  return ConfigPlace{.source = source, .line = 0, .column = 0, .width = 1};
}

void move_to(ConfigNode& node, std::uint32_t source) {
  node.place = place_in(source);
  for (ConfigNode& item : node.items)
    move_to(item, source);
  for (ConfigEntry& entry : node.entries) {
    entry.place = place_in(source);
    move_to(entry.value, source);
  }
}

ConfigNode text_node(std::string_view text) {
  ConfigNode node;
  node.kind = Kind::string;
  node.string = text;
  return node;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const auto end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

// The section behind the last one, and the last one.
constexpr std::string_view kNew = "+";
constexpr std::string_view kLast = "-";

bool is_index(std::string_view part) {
  if (part == kNew || part == kLast) return true;
  return !part.empty() && part.size() <= 4 &&
         std::all_of(part.begin(), part.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// The key's entry in the table; list indices in the path are left out of the section's name.
const ConfigKey* known_key(const std::vector<std::string_view>& parts) {
  std::string section;
  for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
    if (is_index(parts[i])) continue;
    if (!section.empty()) section += '.';
    section += parts[i];
  }
  return find_config_key(section, parts.back());
}

// Text where the key wants text; otherwise a TOML value if it is one; otherwise text again, which
// the reader will complain about in the key's own terms.
ConfigNode parse_value(const ConfigKey* key, const std::string& value) {
  const bool in_quotes = !value.empty() && (value[0] == '"' || value[0] == '\'');
  const bool wants_text =
      key != nullptr && (key->type == ConfigType::string || key->type == ConfigType::path ||
                         key->type == ConfigType::choice || key->type == ConfigType::size);
  if (!wants_text || in_quotes) {
    const bool bare_list =
        key != nullptr && key->type == ConfigType::integer_list && !value.starts_with('[');
    // One line only: a newline would let further keys in.
    if (value.find('\n') == std::string::npos) {
      auto parsed = parse_config_text(bare_list ? "v = [" + value + "]" : "v = " + value, 0);
      if (parsed && parsed->entries.size() == 1) return std::move(parsed->entries[0].value);
    }
    if (key != nullptr && key->type == ConfigType::string_list && !value.starts_with('[')) {
      ConfigNode list;
      list.kind = Kind::array;
      for (const std::string_view part : split(value, ','))
        list.items.push_back(text_node(part));
      return list;
    }
  }
  return text_node(value);
}

class Overlay {
 public:
  Overlay(ConfigNode& root, std::uint32_t source, ConfigDiagnostics& diagnostics)
      : root_(root), source_(source), diagnostics_(diagnostics) {}

  void apply(const ConfigOverride& override_) {
    const auto parts = split(override_.key, '.');
    if (parts.size() > kMaxConfigDepth ||
        std::any_of(parts.begin(), parts.end(), [](auto part) { return part.empty(); })) {
      fail("write SECTION.KEY=VALUE, such as machine.vcpus=2");
      return;
    }
    ConfigNode* at = &root_;
    for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
      at = step(*at, parts[i]);
      if (at == nullptr) return;
    }
    ConfigNode* target = step(*at, parts.back());
    if (target == nullptr) return;
    *target = parse_value(known_key(parts), override_.value);
    move_to(*target, source_);
  }

 private:
  void fail(std::string message) { diagnostics_.error(place_in(source_), std::move(message)); }

  // Into a table's entry (made where it is missing) or an array's element (the one past the last is
  // made too).
  ConfigNode* step(ConfigNode& from, std::string_view part) {
    if (is_index(part) && from.kind == Kind::table && from.entries.empty() && fresh_ == &from) {
      from.kind = Kind::array;
    }
    if (from.kind == Kind::array) return element(from, part);
    if (from.kind != Kind::table) {
      fail(fmt::format("cannot set a key inside {}", describe(from)));
      return nullptr;
    }
    if (ConfigEntry* entry = from.find(part)) return &entry->value;
    ConfigEntry fresh{.key = std::string(part), .place = place_in(source_), .value = {}};
    fresh.value.place = place_in(source_);
    from.entries.push_back(std::move(fresh));
    fresh_ = &from.entries.back().value;
    return fresh_;
  }

  ConfigNode* element(ConfigNode& from, std::string_view part) {
    std::size_t index = 0;
    if (!is_index(part)) {
      fail(
          fmt::format("{} is not a number; name a section of a list by its place, such as "
                      "serial.0.target",
                      quoted(part)));
      return nullptr;
    }
    if (part == kNew) {
      index = from.items.size();
    } else if (part == kLast) {
      index = from.items.empty() ? 0 : from.items.size() - 1;
    } else {
      std::from_chars(part.data(), part.data() + part.size(), index);
    }
    if (index > from.items.size() || index > kMaxIndex) {
      fail(fmt::format("there is no element {}; the next one to be added is {}", index,
                       from.items.size()));
      return nullptr;
    }
    if (index == from.items.size()) {
      from.items.emplace_back();
      from.items.back().place = place_in(source_);
    }
    return &from.items[index];
  }

  ConfigNode& root_;
  const std::uint32_t source_;
  ConfigDiagnostics& diagnostics_;
  ConfigNode* fresh_ = nullptr;  // made by the step before: may still become an array
};

}  // namespace

ConfigOverride parse_set_argument(const std::string& argument) {
  const auto equals = argument.find('=');
  ConfigOverride out;
  out.key = argument.substr(0, equals);
  if (equals != std::string::npos) out.value = argument.substr(equals + 1);
  while (out.key.ends_with(' '))
    out.key.pop_back();
  out.label = "--set " + argument.substr(0, 80) + (argument.size() > 80 ? "…" : "");
  // Without '=' there is nothing to set; an empty key is reported with how to write one.
  if (equals == std::string::npos) out.key.clear();
  return out;
}

void apply_overrides(ConfigNode& root, const std::vector<ConfigOverride>& overrides,
                     ConfigDiagnostics& diagnostics) {
  for (std::size_t i = 0; i < overrides.size(); ++i) {
    const auto source = static_cast<std::uint32_t>(i + 1);
    Overlay(root, source, diagnostics).apply(overrides[i]);
  }
}

}  // namespace skiff
