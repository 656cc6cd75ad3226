// The command line, without running anything.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "vmm/cli/command_line.h"
#include "vmm/cli/command_spec.h"
#include "vmm/cli/config_options.h"
#include "vmm/cli/help_text.h"
#include "vmm/machine/config_file.h"

namespace skiff {
namespace {

using testing::HasSubstr;

std::string usage_error(const std::vector<std::string>& words) {
  try {
    parse_command_line(words);
  } catch (const UsageError& error) {
    return error.what();
  }
  return {};
}

TEST(CommandLine, OptionsStandBeforeAndAfterTheCommand) {
  for (const auto& words : std::vector<std::vector<std::string>>{
           {"--log-level", "debug", "run", "vm.toml", "--vcpus=2"},
           {"run", "--log-level=debug", "--vcpus", "2", "vm.toml"},
           {"run", "vm.toml", "--vcpus", "2", "--log-level", "debug"}}) {
    const Arguments arguments = parse_command_line(words);
    ASSERT_NE(arguments.command, nullptr);
    EXPECT_EQ(arguments.command->name, "run");
    EXPECT_EQ(arguments.operand, "vm.toml");
    EXPECT_EQ(arguments.last("--vcpus"), "2");
    EXPECT_EQ(arguments.last("--log-level"), "debug");
  }
}

TEST(CommandLine, StatsTakesItsFormatOnlyBehindAnEqualsSign) {
  const Arguments table = parse_command_line({"run", "--stats", "vm.toml"});
  EXPECT_EQ(table.last("--stats"), "table");
  EXPECT_EQ(table.operand, "vm.toml");
  EXPECT_EQ(parse_command_line({"run", "vm.toml", "--stats=json"}).last("--stats"), "json");
  EXPECT_FALSE(parse_command_line({"run", "vm.toml"}).has("--stats"));
  // The word is not an option where it is another option's value.
  EXPECT_EQ(parse_command_line({"run", "--cmdline", "--stats", "x"}).last("--cmdline"), "--stats");
}

TEST(CommandLine, OrderOfTheCommandLineIsKept) {
  const Arguments arguments = parse_command_line({"run", "--set", "machine.vcpus=2", "--vcpus", "3",
                                                  "--set", "machine.vcpus=4", "--no-input", "v"});
  const auto overrides = config_overrides(arguments);
  ASSERT_EQ(overrides.size(), 4U);
  EXPECT_EQ(overrides[0].value, "2");
  EXPECT_EQ(overrides[1].value, "3");
  EXPECT_EQ(overrides[1].label, "--vcpus 3");
  EXPECT_EQ(overrides[2].value, "4");
  EXPECT_EQ(overrides[3].key, "console.input");
  EXPECT_EQ(overrides[3].label, "--no-input");
}

VmConfig config_of(std::vector<std::string> words) {
  words.insert(words.begin(), {"run", "--kernel", "k"});
  const ConfigPaths paths{.directory = "", .check_files = false};
  auto result = read_config("", config_overrides(parse_command_line(words)), config_facts(), paths);
  for (const auto& error : result.errors)
    ADD_FAILURE() << error.message;
  return std::move(result.config);
}

TEST(CommandLine, DisksAndCardsAreAddedInOrder) {
  const VmConfig config =
      config_of({"--disk", "a.img", "--disk", "b,c.img,ro", "--net", "user", "--net", "tap=tap0"});
  ASSERT_EQ(config.disks.size(), 2U);
  EXPECT_EQ(config.disks[0].host.path, "a.img");
  EXPECT_FALSE(config.disks[0].host.read_only);
  EXPECT_EQ(config.disks[1].host.path, "b,c.img");
  EXPECT_TRUE(config.disks[1].host.read_only);
  ASSERT_EQ(config.nets.size(), 2U);
  EXPECT_EQ(config.nets[0].host.type, NetType::user);
  EXPECT_EQ(config.nets[1].host.type, NetType::tap);
  EXPECT_EQ(config.nets[1].host.tap, "tap0");
}

TEST(CommandLine, ANetThatIsNoneIsExplained) {
  for (const char* const net : {"bridge", "tap", "user=x", "=", "tap0"}) {
    try {
      config_overrides(parse_command_line({"run", "--net", net}));
      ADD_FAILURE() << net;
    } catch (const UsageError& error) {
      EXPECT_THAT(error.what(), HasSubstr("it must be user or tap=NAME"));
    }
  }
}

TEST(CommandLine, ValuesMayBeginWithADash) {
  EXPECT_EQ(parse_command_line({"run", "--cmdline", "-x y"}).last("--cmdline"), "-x y");
  EXPECT_EQ(parse_command_line({"run", "--cmdline=--x"}).last("--cmdline"), "--x");
}

TEST(CommandLine, MistakesAreExplained) {
  EXPECT_EQ(usage_error({"rnu"}), "unknown command \"rnu\"; did you mean \"run\"?");
  EXPECT_THAT(usage_error({"zzz"}), HasSubstr("the commands are: run, console, ps, stop, "));
  EXPECT_THAT(usage_error({"vm.toml"}), HasSubstr("skiff run vm.toml"));
  EXPECT_THAT(usage_error({"run", "--vcpu", "2"}), HasSubstr("did you mean \"--vcpus\"?"));
  EXPECT_THAT(usage_error({"run", "--zzz"}), HasSubstr("see skiff run --help"));
  EXPECT_THAT(usage_error({"run", "a", "b"}), HasSubstr("\"b\" is one argument too many"));
  EXPECT_THAT(usage_error({"run", "--stats=xml", "a"}), HasSubstr("one of table, json"));
  EXPECT_THAT(usage_error({"--log-level", "loud", "check"}), HasSubstr("it must be one of trace"));
  EXPECT_EQ(usage_error({"run", "--kernel"}), "--kernel needs a value: FILE");
  EXPECT_EQ(usage_error({"run", "--no-input=3"}), "--no-input takes no value");
  EXPECT_THAT(usage_error({"check", "--kernel", "x"}), HasSubstr("unknown option \"--kernel\""));
  EXPECT_THAT(usage_error({"run", ""}), HasSubstr("empty"));
}

TEST(Help, IsAtMostEightyColumnsWideAndNamesEveryOption) {
  for (const CommandSpec& command : command_specs()) {
    const std::string text = help_text(command);
    for (std::size_t at = 0; at < text.size();) {
      const auto end = text.find('\n', at);
      EXPECT_LE(end - at, 80U + 4U) << text.substr(at, end - at);  // "…" has three bytes
      at = end + 1;
    }
    for (const OptionSpec& option : command.options) {
      EXPECT_EQ(text.find(option.long_name()) == std::string::npos, option.hidden)
          << option.long_name();
    }
  }
}

TEST(Help, WrapKeepsParagraphsAndLongWords) {
  EXPECT_EQ(wrap("aa bb cc", 2, 7), "aa bb\n  cc");
  EXPECT_EQ(wrap("aaaaaaaaaa b", 2, 7), "aaaaaaaaaa\n  b");
  EXPECT_EQ(wrap("a\n\nb", 0, 80), "a\n\nb");
  EXPECT_EQ(wrap("", 0, 80), "");
}

}  // namespace
}  // namespace skiff
