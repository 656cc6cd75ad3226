// Every broken configuration of bad_configs.txt gives exactly the errors written there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "vmm/machine/config_file.h"

namespace skiff {
namespace {

struct Case {
  std::string text;
  std::vector<std::string> errors;
};

std::vector<Case> load_cases() {
  std::ifstream file(SKIFF_TEST_FOLDER "/bad_configs.txt");
  std::vector<Case> cases;
  Case current;
  bool preamble = true;
  bool in_errors = false;
  for (std::string line; std::getline(file, line);) {
    if (line == "----") {
      if (!preamble) cases.push_back(current);
      preamble = false;
      in_errors = false;
      current = {};
    } else if (line == "=>") {
      in_errors = true;
    } else if (in_errors) {
      current.errors.push_back(line);
    } else {
      current.text += line + "\n";
    }
  }
  return cases;
}

std::vector<std::string> errors_of(const std::string& text,
                                   const std::vector<ConfigOverride>& overrides = {}) {
  const ConfigPaths paths{.directory = "", .check_files = false};
  std::vector<std::string> out;
  for (const auto& error : read_config(text, overrides, config_facts(), paths).errors) {
    std::ostringstream line;
    line << error.place.line << ":" << error.place.column << ": " << error.message;
    out.push_back(line.str());
  }
  return out;
}

TEST(ConfigErrors, TableOfBrokenConfigurations) {
  const auto cases = load_cases();
  ASSERT_GE(cases.size(), 80U);
  for (const Case& each : cases) {
    SCOPED_TRACE(each.text);
    ASSERT_FALSE(each.errors.empty());
    std::string text = each.text;
    if (text.find("[boot]") == std::string::npos && text.find("# alone") == std::string::npos) {
      text += "[boot]\nkernel = \"k\"\n";
    }
    EXPECT_EQ(errors_of(text), each.errors);
  }
}

TEST(ConfigErrors, AnEmptyFileMissesItsKernel) {
  EXPECT_THAT(errors_of(""),
              testing::ElementsAre(testing::HasSubstr("1:1: boot.kernel is missing")));
}

TEST(ConfigErrors, BytesThatAreNoTextAreRefused) {
  EXPECT_THAT(errors_of("\xff\xfe\x80"),
              testing::ElementsAre(testing::HasSubstr("not valid TOML")));
  EXPECT_THAT(errors_of(std::string("a = \0 1", 7)),
              testing::ElementsAre(testing::HasSubstr("not valid TOML")));
}

TEST(ConfigErrors, ManyErrorsAreAllReported) {
  std::string text = "[boot]\nkernel = \"k\"\n[machine]\n";
  for (int i = 0; i < 1000; ++i)
    text += "k" + std::to_string(i) + " = 1\n";
  EXPECT_EQ(errors_of(text).size(), 1000U);
}

// The TOML library frees nested tables by recursion; half a million dots in a key must not reach
// it.
TEST(ConfigErrors, DeepKeysAndBracketsStayOffTheStack) {
  std::string dots = "a";
  for (int i = 0; i < 200'000; ++i)
    dots += ".a";
  EXPECT_THAT(errors_of(dots + " = 1"), testing::ElementsAre(testing::HasSubstr("dotted parts")));
  EXPECT_THAT(errors_of("[" + dots + "]"),
              testing::ElementsAre(testing::HasSubstr("dotted parts")));
  EXPECT_THAT(errors_of("x = '''\n'''\n\"a\" = {" + dots + " = 1}"),
              testing::ElementsAre(testing::HasSubstr("3:")));
  EXPECT_THAT(errors_of("a = " + std::string(200'000, '[')),
              testing::ElementsAre(testing::HasSubstr("maximum nested value depth")));
  // Dots in strings and comments are no keys.
  EXPECT_THAT(errors_of("[boot]\nkernel = \"" + dots.substr(0, 200) + "\" # " + dots),
              testing::IsEmpty());
}

std::string rendered(const std::string& text, std::size_t index = 0) {
  const ConfigPaths paths{.directory = "", .check_files = false};
  const auto result = read_config(text, {}, config_facts(), paths);
  return render_diagnostic(result.errors.at(index), "vm.toml", text, {});
}

TEST(ConfigErrors, RenderedWithLineAndCaret) {
  EXPECT_EQ(rendered("[boot]\nkernel = \"k\"\n[machine]\nvcpus = 5000 # many\n"),
            "vm.toml:4:9: error: machine.vcpus is 5000; it must be an integer from 1 to 4096\n"
            "    4 | vcpus = 5000 # many\n"
            "      |         ^~~~\n");
}

TEST(ConfigErrors, CaretCountsCharactersAndTabsAndHidesControlBytes) {
  // Two multi-byte characters and a tab before the value; an escape byte after it in a comment is a
  // syntax error of its own, so that only the rendering is looked at.
  EXPECT_EQ(rendered("[boot]\nkernel = \"k\"\n[machine]\n\"ä\u2202\"\t= 1\n"),
            "vm.toml:4:1: error: unknown key \"ä\u2202\" in [machine]; its keys are: name, vcpus, "
            "memory, hugepages, shared_memory, irqchip, pit, on_reboot, stop_timeout, why_after, "
            "io_threads\n"
            "    4 | \"ä\u2202\" = 1\n"
            "      | ^~~~\n");
  EXPECT_EQ(rendered("a = 1 # \x1b[31m\n").find('\x1b'), std::string::npos);
}

TEST(ConfigErrors, ALongLineIsShownAroundThePlace) {
  const std::string text =
      "[boot]\nkernel = \"k\"\ncmdline = \"" + std::string(5000, 'x') + "\\q\"\n";
  const std::string out = rendered(text);
  EXPECT_LT(out.size(), 700U);
  EXPECT_NE(out.find('^'), std::string::npos);
}

}  // namespace
}  // namespace skiff
