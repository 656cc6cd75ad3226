// The documentation and the examples keep up with the table of keys.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

#include "vmm/machine/config_file.h"
#include "vmm/machine/config_keys.h"

namespace skiff {
namespace {

std::string contents(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string type_name(ConfigType type) {
  switch (type) {
    case ConfigType::boolean:
      return "boolean";
    case ConfigType::integer:
      return "integer";
    case ConfigType::size:
      return "size";
    case ConfigType::string:
      return "string";
    case ConfigType::path:
      return "path";
    case ConfigType::choice:
      return "choice";
    case ConfigType::string_list:
      return "list of strings";
    case ConfigType::integer_list:
      return "list of integers";
  }
  return "?";
}

// Each key has a row "| `name` | type | default | …" in its section's table, and each choice is
// named in it.
TEST(ConfigDocs, EveryKeyIsDocumented) {
  const std::string docs = contents(SKIFF_SOURCE_FOLDER "/docs/config.md");
  ASSERT_FALSE(docs.empty());
  for (const ConfigSection& section : config_sections()) {
    const std::string name(section.name);
    const std::string heading = section.list ? "## `[[" + name + "]]`" : "## `[" + name + "]`";
    const auto start = docs.find(heading);
    ASSERT_NE(start, std::string::npos) << heading;
    const std::string part = docs.substr(start, docs.find("\n## ", start + 1) - start);
    for (const ConfigKey& key : config_keys()) {
      if (key.section != section.name) continue;
      const std::string row_start =
          "| `" + std::string(key.name) + "` | " + type_name(key.type) + " | ";
      const auto row = part.find(row_start);
      ASSERT_NE(row, std::string::npos) << heading << " lacks a row beginning " << row_start;
      const std::string line = part.substr(row, part.find('\n', row) - row);
      EXPECT_EQ(std::count(line.begin(), line.end(), '|'), 6) << line;
      if (!key.default_text.empty()) {
        EXPECT_NE(line.find(key.default_text), std::string::npos)
            << line << "\nlacks the default " << key.default_text;
      }
      for (const std::string_view choice : key.choices) {
        EXPECT_NE(line.find("`\"" + std::string(choice) + "\"`"), std::string::npos)
            << line << "\nlacks the value " << choice;
      }
    }
  }
}

TEST(ConfigDocs, EveryExampleInTheDocumentationIsSound) {
  const std::string docs = contents(SKIFF_SOURCE_FOLDER "/docs/config.md");
  constexpr std::string_view kFence = "```toml\n";
  const ConfigPaths paths{.directory = "", .check_files = false};
  int examples = 0;
  for (auto at = docs.find(kFence); at != std::string::npos; at = docs.find(kFence, at)) {
    at += kFence.size();
    std::string text = docs.substr(at, docs.find("```", at) - at);
    if (text.find("[boot]") == std::string::npos) text += "\n[boot]\nkernel = \"k\"\n";
    for (const auto& error : read_config(text, {}, config_facts(), paths).errors) {
      ADD_FAILURE() << error.message << " in\n" << text;
    }
    ++examples;
  }
  EXPECT_GE(examples, static_cast<int>(config_sections().size()));
}

TEST(ConfigDocs, EveryFileInConfigsIsSound) {
  const ConfigPaths paths{.directory = "", .check_files = false};
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(SKIFF_SOURCE_FOLDER "/configs")) {
    if (entry.path().extension() != ".toml") continue;
    ++files;
    const std::string text = contents(entry.path());
    for (const auto& error : read_config(text, {}, config_facts(), paths).errors) {
      ADD_FAILURE() << render_diagnostic(error, entry.path().filename().string(), text, {});
    }
    EXPECT_TRUE(text.starts_with("# ")) << entry.path() << " should say what it is for";
    EXPECT_NE(text.find("skiff run"), std::string::npos)
        << entry.path() << " should say how to run";
  }
  EXPECT_GE(files, 5);
}

// A key of the wrong type must not slip by: each key of the table is read by some section.
TEST(ConfigDocs, EveryKeyIsRead) {
  const ConfigPaths paths{.directory = "", .check_files = false};
  for (const ConfigKey& key : config_keys()) {
    const ConfigSection* section = find_config_section(key.section);
    ASSERT_NE(section, nullptr) << key.section;
    std::ostringstream text;
    text << (section->list ? "[[" : "[") << key.section << (section->list ? "]]\n" : "]\n")
         << key.name << " = 1979-05-27\n";
    bool complained = false;
    for (const auto& error : read_config(text.str(), {}, config_facts(), paths).errors) {
      complained = complained || error.message.find("not a date or time") != std::string::npos;
    }
    EXPECT_TRUE(complained) << text.str();
  }
}

}  // namespace
}  // namespace skiff
