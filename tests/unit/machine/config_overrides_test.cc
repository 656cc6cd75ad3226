// --set and its short forms, laid over a file.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "vmm/machine/config_file.h"

namespace skiff {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kFile = "[boot]\nkernel = \"k\"\n[machine]\nvcpus = 1\n";

ConfigResult with(const std::vector<std::string>& sets, const std::string& text = kFile) {
  std::vector<ConfigOverride> overrides;
  for (const std::string& set : sets)
    overrides.push_back(parse_set_argument(set));
  const ConfigPaths paths{.directory = "/vm", .check_files = false};
  return read_config(text, overrides, config_facts(), paths);
}

VmConfig good(const std::vector<std::string>& sets, const std::string& text = kFile) {
  auto result = with(sets, text);
  for (const auto& error : result.errors)
    ADD_FAILURE() << error.message;
  return std::move(result.config);
}

std::vector<std::string> bad(const std::vector<std::string>& sets,
                             const std::string& text = kFile) {
  std::vector<std::string> labels;
  for (const std::string& set : sets)
    labels.push_back(parse_set_argument(set).label);
  std::vector<std::string> out;
  for (const auto& error : with(sets, text).errors) {
    out.push_back(render_diagnostic(error, "f", text, labels));
  }
  return out;
}

TEST(ConfigOverrides, ValuesAreReadAsTheKeyWantsThem) {
  EXPECT_EQ(good({"machine.vcpus=2"}).machine.vcpus, 2U);
  EXPECT_EQ(good({"machine.vcpus = 0x10"}).machine.vcpus, 16U);
  EXPECT_EQ(good({"machine.memory=512M"}).machine.memory, 512 * MiB);
  EXPECT_EQ(good({"machine.memory=\"512M\""}).machine.memory, 512 * MiB);
  EXPECT_EQ(good({"machine.memory=16777216"}).machine.memory, 16 * MiB);
  EXPECT_EQ(good({"machine.name=7"}).machine.name, "7") << "a name is text, not a number";
  EXPECT_EQ(good({"machine.pit=false"}).machine.pit, false);
  EXPECT_EQ(good({"boot.cmdline=console=ttyS0 quiet"}).boot.cmdline, "console=ttyS0 quiet");
  EXPECT_EQ(good({"boot.cmdline="}).boot.cmdline, "");
  EXPECT_EQ(good({"boot.protocol=pvh"}).boot.protocol, BootProtocol::pvh);
  EXPECT_THAT(good({"cpu.hide=avx2,cx16"}).cpu.hide, ElementsAre("avx2", "cx16"));
  EXPECT_THAT(good({"cpu.hide=[\"avx2\"]"}).cpu.hide, ElementsAre("avx2"));
  EXPECT_EQ(good({"cpu.topology.threads=1"}).cpu.topology.threads, 1U);
  EXPECT_EQ(good({"cpu.topology={sockets=1}"}).cpu.topology.sockets, 1U);
}

TEST(ConfigOverrides, TheLastOneWinsAndTheFileLoses) {
  EXPECT_EQ(good({"machine.vcpus=2", "machine.vcpus=3"}).machine.vcpus, 3U);
}

TEST(ConfigOverrides, PathsOfTheCommandLineAreRelativeToTheCurrentDirectory) {
  EXPECT_EQ(good({}).boot.kernel, "/vm/k");
  EXPECT_EQ(good({"boot.kernel=other"}).boot.kernel, "other");
}

TEST(ConfigOverrides, ListsAreReachedByPlace) {
  EXPECT_EQ(good({"serial.0.target=null"}).serial[0].target, SerialTarget::null_sink);
  const auto two =
      good({"serial.0.unit=2", "serial.0.target=null", "serial.1.unit=3", "serial.1.target=null"});
  ASSERT_EQ(two.serial.size(), 3U);
  EXPECT_EQ(two.serial[2].unit, 3U);
  EXPECT_EQ(good({"serial.0.target=null"}, std::string(kFile) + "[[serial]]\nunit = 1\n")
                .serial[0]
                .target,
            SerialTarget::null_sink);
}

TEST(ConfigOverrides, ASectionMoreAndTheLastOne) {
  const std::string file = std::string(kFile) + "[[disk]]\npath = \"a\"\n";
  const auto config = good({"disk.+.path=b", "disk.-.read_only=true", "disk.0.queues=2"}, file);
  ASSERT_EQ(config.disks.size(), 2U);
  EXPECT_EQ(config.disks[0].host.path, "/vm/a");
  EXPECT_FALSE(config.disks[0].host.read_only);
  EXPECT_EQ(config.disks[0].queues, 2);
  EXPECT_EQ(config.disks[1].host.path, "b");
  EXPECT_TRUE(config.disks[1].host.read_only);
  EXPECT_EQ(good({"disk.+.backend=null", "disk.-.size=1M"}).disks.size(), 1U);
  EXPECT_EQ(good({"disk.-.backend=null", "disk.-.size=1M"}).disks.size(), 1U);
}

TEST(ConfigOverrides, ListsOfNumbersTakeCommas) {
  const auto config = good({"io_thread.0.name=a", "io_thread.0.cpus=0,3", "io_thread.+.name=b",
                            "io_thread.-.cpus=[1]", "io_thread.+.name=c", "io_thread.-.cpus=2"});
  ASSERT_EQ(config.io_threads.size(), 3U);
  EXPECT_THAT(config.io_threads[0].cpus, ElementsAre(0, 3));
  EXPECT_THAT(config.io_threads[1].cpus, ElementsAre(1));
  EXPECT_THAT(config.io_threads[2].cpus, ElementsAre(2));
}

TEST(ConfigOverrides, ErrorsNameTheArgument) {
  EXPECT_THAT(bad({"machine.vcpu=2"}),
              ElementsAre("--set machine.vcpu=2: error: unknown key \"vcpu\" in [machine]; did you "
                          "mean \"vcpus\"?\n"));
  EXPECT_THAT(bad({"machine.vcpus=two"}),
              ElementsAre("--set machine.vcpus=two: error: machine.vcpus must be an integer from 1 "
                          "to 4096, not the string \"two\"\n"));
  EXPECT_THAT(bad({"vcpus"}),
              ElementsAre(HasSubstr("--set vcpus: error: write SECTION.KEY=VALUE")));
  EXPECT_THAT(bad({"=1"}), ElementsAre(HasSubstr("write SECTION.KEY=VALUE")));
  EXPECT_THAT(bad({"machine..vcpus=1"}), ElementsAre(HasSubstr("write SECTION.KEY=VALUE")));
  EXPECT_THAT(bad({"vcpus=2"}), ElementsAre(HasSubstr("it belongs in [machine]")));
  EXPECT_THAT(bad({"serial.2.unit=1"}), ElementsAre(HasSubstr("the next one to be added is 0")));
  EXPECT_THAT(bad({"serial.x=1"}, std::string(kFile) + "[[serial]]\n"),
              ElementsAre(HasSubstr("\"x\" is not a number")));
  EXPECT_THAT(bad({"machine.vcpus.a=1"}),
              ElementsAre(HasSubstr("cannot set a key inside the integer 1")));
  EXPECT_THAT(bad({"serial.99999999999999999999.unit=1"}), testing::Not(testing::IsEmpty()));
}

TEST(ConfigOverrides, ANewlineLetsNoFurtherKeysIn) {
  EXPECT_THAT(bad({"machine.vcpus=2\nx=1"}), testing::SizeIs(1));
}

TEST(ConfigOverrides, FileErrorsComeFirst) {
  const auto errors = bad({"machine.pit=3"}, "[boot]\nkernel = \"k\"\n[machine]\nvcpus = 0\n");
  ASSERT_EQ(errors.size(), 2U);
  EXPECT_THAT(errors[0], HasSubstr("f:4:9: error:"));
  EXPECT_THAT(errors[1], HasSubstr("--set machine.pit=3: error:"));
}

}  // namespace
}  // namespace skiff
