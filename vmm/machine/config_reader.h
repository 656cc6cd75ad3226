// One section of a configuration, read key by key against the table of config_keys: every wrong
// type, value, range and name becomes a diagnostic, and reading goes on.
// Thread rule: one thread. The node, the diagnostics and the table outlive the reader.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vmm/machine/config_diagnostic.h"
#include "vmm/machine/config_keys.h"
#include "vmm/machine/config_tree.h"

namespace skiff {

class ConfigReader {
 public:
  // `table`: the section's table, or null where the configuration does not have it. Reports unknown
  // keys; a name of a sub-section ("topology" in [cpu]) is known.
  ConfigReader(std::string_view section, const ConfigNode* table, ConfigDiagnostics& diagnostics);

  // The value, or nothing where the key is absent or wrong (then it has been reported). Each is
  // called once per key; asking for a key that is not in the table, or for another type, is a bug.
  std::optional<bool> boolean(std::string_view key);
  std::optional<std::uint64_t> integer(std::string_view key);
  std::optional<std::uint64_t> size(std::string_view key);
  std::optional<std::string> string(std::string_view key);
  std::optional<std::string> path(std::string_view key) { return string(key); }
  // The index in the key's list of choices.
  std::optional<std::size_t> choice(std::string_view key);
  // The same where only the choices with these indices are allowed.
  std::optional<std::size_t> choice(std::string_view key, std::span<const std::size_t> allowed);
  // Each string with its place.
  std::vector<ConfigNode> strings(std::string_view key);

  bool has(std::string_view key) const { return node(key) != nullptr; }
  // Where a complaint about `key` belongs: its value, else the section, else the file's beginning.
  ConfigPlace place(std::string_view key) const;
  void error(std::string_view key, std::string message);
  void error_at(const ConfigPlace& at, std::string message);
  // Those of an array that lie in the key's range; others are reported.
  std::vector<std::uint64_t> integers(std::string_view key);
  // A sub-section's table, or null; reports one that is no table.
  const ConfigNode* sub_section(std::string_view key);

 private:
  const ConfigNode* node(std::string_view key) const;
  const ConfigKey& key_of(std::string_view key, ConfigType type) const;
  void report_unknown(const ConfigEntry& entry);
  void report_range(const ConfigKey& key, const ConfigNode& value);
  void report_type(const ConfigKey& key, const ConfigNode& value, std::string_view wanted);
  std::string full_name(std::string_view key) const;

  const std::string_view section_;
  const ConfigNode* const table_;
  ConfigDiagnostics& diagnostics_;
};

// The tables of [[name]], in their order; what else stands there is reported.
std::vector<const ConfigNode*> list_sections(const ConfigNode& root, std::string_view name,
                                             ConfigDiagnostics& diagnostics);

// Sections that do not exist, and keys outside any section. `root`: the whole configuration.
void report_unknown_sections(const ConfigNode& root, ConfigDiagnostics& diagnostics);

}  // namespace skiff
