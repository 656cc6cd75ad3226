#include "vmm/machine/config_reader.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cassert>
#include <numeric>
#include <utility>

#include "vmm/machine/size_text.h"
#include "vmm/machine/spelling.h"

namespace skiff {
namespace {

using Kind = ConfigNode::Kind;

// The names of the keys and sub-sections of a section.
std::vector<std::string_view> names_in(std::string_view section) {
  std::vector<std::string_view> names;
  for (const ConfigKey& key : config_keys()) {
    if (key.section == section) names.push_back(key.name);
  }
  for (const ConfigSection& other : config_sections()) {
    if (other.name.size() > section.size() + 1 && other.name.starts_with(section) &&
        other.name[section.size()] == '.') {
      names.push_back(other.name.substr(section.size() + 1));
    }
  }
  return names;
}

// "[cpu]", "[[serial]]"
std::string header(std::string_view section) {
  const ConfigSection* known = find_config_section(section);
  return known != nullptr && known->list ? fmt::format("[[{}]]", section)
                                         : fmt::format("[{}]", section);
}

// Where else a key of this name lives, if in one place only.
std::string_view only_home(std::string_view name) {
  std::string_view home;
  for (const ConfigKey& key : config_keys()) {
    if (key.name != name) continue;
    if (!home.empty()) return {};
    home = key.section;
  }
  return home;
}

std::string range_text(const ConfigKey& key) {
  if (key.type == ConfigType::size) {
    return fmt::format("{} to {}", format_size(key.min), format_size(key.max));
  }
  if (key.hex) return fmt::format("{:#x} to {:#x}", key.min, key.max);
  return fmt::format("{} to {}", key.min, key.max);
}

bool has_control_characters(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
  });
}

bool is_number(std::string_view text) {
  return !text.empty() && text.size() < 19 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool in_range(const ConfigKey& key, std::int64_t number) {
  return number >= 0 && static_cast<std::uint64_t>(number) >= key.min &&
         static_cast<std::uint64_t>(number) <= key.max;
}

std::string choices_text(std::span<const std::string_view> choices) {
  return choices.size() == 1 ? fmt::format("\"{}\"", choices[0])
                             : fmt::format("one of \"{}\"", fmt::join(choices, "\", \""));
}

}  // namespace

ConfigReader::ConfigReader(std::string_view section, const ConfigNode* table,
                           ConfigDiagnostics& diagnostics)
    : section_(section), table_(table), diagnostics_(diagnostics) {
  if (table_ == nullptr) return;
  const auto names = names_in(section_);
  for (const ConfigEntry& entry : table_->entries) {
    if (std::find(names.begin(), names.end(), entry.key) == names.end()) report_unknown(entry);
  }
}

void ConfigReader::report_unknown(const ConfigEntry& entry) {
  const auto names = names_in(section_);
  std::string message = fmt::format("unknown key {} in {}", quoted(entry.key), header(section_));
  const std::string_view home = only_home(entry.key);
  const std::string_view near = nearest_word(entry.key, names);
  if (!home.empty()) {
    message += fmt::format("; it belongs in {}", header(home));
  } else if (!near.empty()) {
    message += fmt::format("; did you mean \"{}\"?", near);
  } else {
    message += fmt::format("; its keys are: {}", fmt::join(names, ", "));
  }
  diagnostics_.error(entry.place, std::move(message));
}

const ConfigNode* ConfigReader::node(std::string_view key) const {
  const ConfigEntry* entry = table_ == nullptr ? nullptr : table_->find(key);
  return entry == nullptr ? nullptr : &entry->value;
}

const ConfigKey& ConfigReader::key_of(std::string_view key,
                                      [[maybe_unused]] ConfigType type) const {
  const ConfigKey* known = find_config_key(section_, key);
  assert(known != nullptr && known->type == type);
  return *known;
}

std::string ConfigReader::full_name(std::string_view key) const {
  return fmt::format("{}.{}", section_, key);
}

ConfigPlace ConfigReader::place(std::string_view key) const {
  if (const ConfigNode* value = node(key)) return value->place;
  if (table_ != nullptr) return table_->place;
  return ConfigPlace{.source = 0, .line = 1, .column = 1, .width = 1};
}

void ConfigReader::error(std::string_view key, std::string message) {
  diagnostics_.error(place(key), std::move(message));
}

void ConfigReader::error_at(const ConfigPlace& at, std::string message) {
  diagnostics_.error(at, std::move(message));
}

void ConfigReader::report_type(const ConfigKey& key, const ConfigNode& value,
                               std::string_view wanted) {
  std::string message =
      fmt::format("{} must be {}, not {}", full_name(key.name), wanted, describe(value));
  // The commonest slip: quotes around a number or boolean.
  const std::string& text = value.string;
  const bool number =
      !text.empty() && text.size() < 19 &&
      std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (value.kind == Kind::string && value.place.source == 0 &&
      ((key.type == ConfigType::integer && number) ||
       (key.type == ConfigType::boolean && (text == "true" || text == "false")))) {
    message += fmt::format("; write it without quotes: {} = {}", key.name, text);
  }
  diagnostics_.error(value.place, std::move(message));
}

void ConfigReader::report_range(const ConfigKey& key, const ConfigNode& value) {
  const bool hex = key.hex && value.integer >= 0;
  diagnostics_.error(
      value.place,
      fmt::format("{} is {}; it must be an integer from {}", full_name(key.name),
                  hex ? fmt::format("{:#x}", value.integer) : fmt::format("{}", value.integer),
                  range_text(key)));
}

std::optional<bool> ConfigReader::boolean(std::string_view key) {
  const ConfigKey& known = key_of(key, ConfigType::boolean);
  const ConfigNode* value = node(key);
  if (value == nullptr) return std::nullopt;
  if (value->kind != Kind::boolean) {
    report_type(known, *value, "true or false");
    return std::nullopt;
  }
  return value->boolean;
}

std::optional<std::uint64_t> ConfigReader::integer(std::string_view key) {
  const ConfigKey& known = key_of(key, ConfigType::integer);
  const ConfigNode* value = node(key);
  if (value == nullptr) return std::nullopt;
  if (value->kind != Kind::integer) {
    report_type(known, *value, fmt::format("an integer from {}", range_text(known)));
    return std::nullopt;
  }
  if (!in_range(known, value->integer)) {
    report_range(known, *value);
    return std::nullopt;
  }
  return static_cast<std::uint64_t>(value->integer);
}

std::optional<std::uint64_t> ConfigReader::size(std::string_view key) {
  const ConfigKey& known = key_of(key, ConfigType::size);
  const ConfigNode* value = node(key);
  if (value == nullptr) return std::nullopt;
  std::uint64_t bytes = 0;
  if (value->kind == Kind::string) {
    const auto parsed = parse_size(value->string);
    if (!parsed) {
      error(key, fmt::format("{} {} {}", full_name(key), quoted(value->string), parsed.error()));
      return std::nullopt;
    }
    bytes = *parsed;
  } else if (value->kind == Kind::integer && value->integer >= 0) {
    bytes = static_cast<std::uint64_t>(value->integer);
  } else if (value->kind == Kind::integer) {
    error(key, fmt::format("{} is negative; it must be a size from {}", full_name(key),
                           range_text(known)));
    return std::nullopt;
  } else {
    report_type(known, *value, "a size such as \"512M\"");
    return std::nullopt;
  }
  if (bytes < known.min || bytes > known.max) {
    const bool bare = value->kind == Kind::integer || is_number(value->string);
    std::string message = fmt::format(
        "{} is {}; it must be a size from {}", full_name(key),
        bare ? fmt::format("{} byte{}", bytes, bytes == 1 ? "" : "s") : quoted(value->string),
        range_text(known));
    // A bare number that makes sense in MiB was probably meant so.
    if (bare && bytes < known.min && bytes >= (known.min >> 20) && bytes != 0) {
      message += fmt::format("; did you mean \"{}M\"?", bytes);
    }
    error(key, std::move(message));
    return std::nullopt;
  }
  return bytes;
}

std::optional<std::string> ConfigReader::string(std::string_view key) {
  const ConfigKey* known = find_config_key(section_, key);
  assert(known != nullptr &&
         (known->type == ConfigType::string || known->type == ConfigType::path));
  const ConfigNode* value = node(key);
  if (value == nullptr) return std::nullopt;
  if (value->kind != Kind::string) {
    report_type(*known, *value,
                known->type == ConfigType::path ? "a path in quotes" : "a string in quotes");
    return std::nullopt;
  }
  if (has_control_characters(value->string)) {
    error(key,
          fmt::format("{} {} contains a control character", full_name(key), quoted(value->string)));
    return std::nullopt;
  }
  if (known->type == ConfigType::path && value->string.empty()) {
    error(key, fmt::format("{} is empty; leave the key out, or name a file", full_name(key)));
    return std::nullopt;
  }
  return value->string;
}

std::optional<std::size_t> ConfigReader::choice(std::string_view key) {
  std::vector<std::size_t> all(key_of(key, ConfigType::choice).choices.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  return choice(key, all);
}

std::optional<std::size_t> ConfigReader::choice(std::string_view key,
                                                std::span<const std::size_t> allowed) {
  const ConfigKey& known = key_of(key, ConfigType::choice);
  const ConfigNode* value = node(key);
  if (value == nullptr) return std::nullopt;
  std::vector<std::string_view> names;
  for (const std::size_t index : allowed)
    names.push_back(known.choices[index]);
  if (value->kind != Kind::string) {
    report_type(known, *value, choices_text(names));
    return std::nullopt;
  }
  const auto found = std::find(names.begin(), names.end(), value->string);
  if (found == names.end()) {
    std::string message = fmt::format("{} is {}; it must be {}", full_name(key),
                                      quoted(value->string), choices_text(names));
    const std::string_view near = nearest_word(value->string, names);
    if (!near.empty()) message += fmt::format("; did you mean \"{}\"?", near);
    error(key, std::move(message));
    return std::nullopt;
  }
  return allowed[static_cast<std::size_t>(found - names.begin())];
}

std::vector<ConfigNode> ConfigReader::strings(std::string_view key) {
  const ConfigKey& known = key_of(key, ConfigType::string_list);
  const ConfigNode* value = node(key);
  if (value == nullptr) return {};
  if (value->kind != Kind::array) {
    report_type(known, *value, "an array of strings such as [\"a\", \"b\"]");
    return {};
  }
  std::vector<ConfigNode> out;
  for (const ConfigNode& item : value->items) {
    if (item.kind == Kind::string) {
      out.push_back(item);
    } else {
      diagnostics_.error(item.place, fmt::format("{} must hold strings only, not {}",
                                                 full_name(key), describe(item)));
    }
  }
  return out;
}

std::vector<std::uint64_t> ConfigReader::integers(std::string_view key) {
  const ConfigKey& known = key_of(key, ConfigType::integer_list);
  const ConfigNode* value = node(key);
  if (value == nullptr) return {};
  if (value->kind != Kind::array) {
    report_type(known, *value, "an array of integers such as [0, 1]");
    return {};
  }
  std::vector<std::uint64_t> out;
  for (const ConfigNode& item : value->items) {
    if (item.kind != Kind::integer) {
      diagnostics_.error(item.place, fmt::format("{} must hold integers only, not {}",
                                                 full_name(key), describe(item)));
    } else if (!in_range(known, item.integer)) {
      report_range(known, item);
    } else {
      out.push_back(static_cast<std::uint64_t>(item.integer));
    }
  }
  return out;
}

const ConfigNode* ConfigReader::sub_section(std::string_view key) {
  const ConfigNode* value = node(key);
  if (value == nullptr || value->kind == Kind::table) return value;
  diagnostics_.error(value->place, fmt::format("{} is a section; write [{}] and its keys below",
                                               full_name(key), full_name(key)));
  return nullptr;
}

std::vector<const ConfigNode*> list_sections(const ConfigNode& root, std::string_view name,
                                             ConfigDiagnostics& diagnostics) {
  const ConfigEntry* entry = root.find(name);
  if (entry == nullptr) return {};
  if (entry->value.kind != Kind::array) {
    diagnostics.error(entry->place, fmt::format("{0} is a list of sections; write [[{0}]]", name));
    return {};
  }
  std::vector<const ConfigNode*> tables;
  for (const ConfigNode& item : entry->value.items) {
    if (item.kind == Kind::table) {
      tables.push_back(&item);
    } else {
      diagnostics.error(item.place, fmt::format("{0} must hold sections, not {1}; write [[{0}]]",
                                                name, describe(item)));
    }
  }
  return tables;
}

void report_unknown_sections(const ConfigNode& root, ConfigDiagnostics& diagnostics) {
  std::vector<std::string_view> names;
  std::vector<std::string> headers;
  for (const ConfigSection& section : config_sections()) {
    if (section.name.find('.') != std::string_view::npos) continue;
    names.push_back(section.name);
    headers.push_back(header(section.name));
  }
  for (const ConfigEntry& entry : root.entries) {
    if (find_config_section(entry.key) != nullptr) continue;
    const bool section = entry.value.kind == Kind::table ||
                         (entry.value.kind == Kind::array && !entry.value.items.empty() &&
                          entry.value.items[0].kind == Kind::table);
    const std::string_view near = nearest_word(entry.key, names);
    const std::string_view home = only_home(entry.key);
    std::string message =
        section ? fmt::format("unknown section {}", quoted(entry.key))
                : fmt::format("unknown key {} outside any section", quoted(entry.key));
    if (!section && !home.empty()) {
      message += fmt::format("; it belongs in {}", header(home));
    } else if (!near.empty()) {
      message += fmt::format("; did you mean {}?", header(near));
    } else {
      message += fmt::format("; the sections are: {}", fmt::join(headers, ", "));
    }
    diagnostics.error(entry.place, std::move(message));
  }
}

}  // namespace skiff
