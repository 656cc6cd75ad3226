// Sound configurations: every key arrives in the VmConfig, every choice as the right enumerator.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "vmm/machine/config_file.h"

namespace skiff {
namespace {

VmConfig values_of(const std::string& text) {
  const ConfigPaths paths{.directory = "/vm", .check_files = false};
  auto result = read_config(text, {}, config_facts(), paths);
  for (const auto& error : result.errors)
    ADD_FAILURE() << error.message << " in\n" << text;
  return std::move(result.config);
}

VmConfig with_boot(const std::string& text) {
  return values_of(text + "\n[boot]\nkernel = \"k\"\n");
}

TEST(ConfigValues, DefaultsAreThoseOfTheDocumentation) {
  const VmConfig config = values_of("boot.kernel = \"vmlinuz\"");
  EXPECT_EQ(config.machine.name, "skiff");
  EXPECT_EQ(config.machine.vcpus, 1U);
  EXPECT_EQ(config.machine.memory, 256 * MiB);
  EXPECT_EQ(config.machine.huge_pages, HugePages::transparent);
  EXPECT_FALSE(config.machine.shared_memory);
  EXPECT_TRUE(config.machine.pit);
  EXPECT_EQ(config.machine.on_reboot, OnReboot::restart);
  EXPECT_EQ(config.machine.stop_timeout, 30U);
  EXPECT_EQ(config.machine.why_after, 60U);
  EXPECT_EQ(config.boot.kernel, "/vm/vmlinuz");
  EXPECT_EQ(config.boot.initrd, "");
  EXPECT_FALSE(config.boot.cmdline.has_value());
  EXPECT_EQ(config.boot.protocol, BootProtocol::auto_detect);
  EXPECT_EQ(config.console.escape, 1);
  EXPECT_TRUE(config.console.input);
  ASSERT_EQ(config.serial.size(), 1U);
  EXPECT_EQ(config.serial[0].unit, 1U);
  EXPECT_EQ(config.serial[0].target, SerialTarget::console);
  EXPECT_EQ(config.debug.text, DebugPortTarget::off);
  EXPECT_TRUE(config.debug.exit_port);
  EXPECT_FALSE(config.debug.coalesced);
}

TEST(ConfigValues, EveryKeyArrives) {
  const VmConfig config = values_of(R"(
[machine]
name = "box-1.a"
vcpus = 8
memory = "4.5G"
hugepages = "2M"
shared_memory = true
irqchip = "kernel"
pit = false
on_reboot = "exit"
stop_timeout = 0
why_after = 5
[cpu]
hide = ["avx2", "cx16", "avx2"]
topology = { sockets = 2, cores = 2, threads = 2 }
[boot]
kernel = "/abs/k"
cmdline = "console=ttyS0"
protocol = "flat"
symbols = "../System.map"
[boot.flat]
address = 0x20_0000
mode = "long"
privilege = 3
[console]
escape = "ctrl-]"
input = false
[[serial]]
unit = 2
target = "file"
path = "com2.log"
port = 0x1000
irq = 5
[debug]
text = "stderr"
exit_port = false
coalesced = true
)");
  EXPECT_EQ(config.machine.name, "box-1.a");
  EXPECT_EQ(config.machine.vcpus, 8U);
  EXPECT_EQ(config.machine.memory, 4608 * MiB);
  EXPECT_EQ(config.machine.huge_pages, HugePages::hugetlb_2m);
  EXPECT_TRUE(config.machine.shared_memory);
  EXPECT_FALSE(config.machine.pit);
  EXPECT_EQ(config.machine.on_reboot, OnReboot::exit);
  EXPECT_EQ(config.machine.stop_timeout, 0U);
  EXPECT_EQ(config.machine.why_after, 5U);
  EXPECT_THAT(config.cpu.hide, testing::ElementsAre("avx2", "cx16"));
  EXPECT_EQ(config.cpu.topology.sockets, 2U);
  EXPECT_EQ(config.cpu.topology.cores, 2U);
  EXPECT_EQ(config.cpu.topology.threads, 2U);
  EXPECT_EQ(config.boot.kernel, "/abs/k");
  EXPECT_EQ(config.boot.cmdline, "console=ttyS0");
  EXPECT_EQ(config.boot.protocol, BootProtocol::flat);
  EXPECT_EQ(config.boot.symbols, "/vm/../System.map");
  EXPECT_EQ(config.boot.flat.address, 0x20'0000U);
  EXPECT_EQ(config.boot.flat.mode, FlatMode::long_mode);
  EXPECT_EQ(config.boot.flat.privilege, 3);
  EXPECT_EQ(config.console.escape, 0x1d);
  EXPECT_FALSE(config.console.input);
  ASSERT_EQ(config.serial.size(), 2U);
  EXPECT_EQ(config.serial[1].unit, 2U);
  EXPECT_EQ(config.serial[1].target, SerialTarget::file);
  EXPECT_EQ(config.serial[1].path, "/vm/com2.log");
  EXPECT_EQ(config.serial[1].port, 0x1000);
  EXPECT_EQ(config.serial[1].irq, 5);
  EXPECT_EQ(config.debug.text, DebugPortTarget::standard_error);
  EXPECT_FALSE(config.debug.exit_port);
  EXPECT_TRUE(config.debug.coalesced);
}

TEST(ConfigValues, EveryChoiceIsTheRightEnumerator) {
  using Protocol = std::pair<const char*, BootProtocol>;
  for (const auto& [name, value] :
       {Protocol{"auto", BootProtocol::auto_detect}, Protocol{"linux64", BootProtocol::linux64},
        Protocol{"linux-direct", BootProtocol::linux_direct}, Protocol{"pvh", BootProtocol::pvh},
        Protocol{"multiboot", BootProtocol::multiboot}, Protocol{"flat", BootProtocol::flat}}) {
    EXPECT_EQ(values_of(std::string("[boot]\nkernel='k'\nprotocol='") + name + "'").boot.protocol,
              value);
  }
  using Mode = std::pair<const char*, FlatMode>;
  for (const auto& [name, value] :
       {Mode{"real", FlatMode::real}, Mode{"protected", FlatMode::protected_mode},
        Mode{"long", FlatMode::long_mode}}) {
    EXPECT_EQ(values_of(std::string("[boot]\nkernel='k'\nprotocol='flat'\n[boot.flat]\n"
                                    "address=0x7c00\nmode='") +
                        name + "'")
                  .boot.flat.mode,
              value);
  }
  EXPECT_EQ(with_boot("[machine]\nhugepages='off'").machine.huge_pages, HugePages::off);
  EXPECT_EQ(with_boot("[machine]\nhugepages='transparent'").machine.huge_pages,
            HugePages::transparent);
  EXPECT_EQ(with_boot("[machine]\non_reboot='restart'").machine.on_reboot, OnReboot::restart);
  EXPECT_EQ(with_boot("[debug]\ntext='off'").debug.text, DebugPortTarget::off);
  EXPECT_EQ(with_boot("[debug]\ntext='console'").debug.text, DebugPortTarget::console);
  EXPECT_EQ(with_boot("[[serial]]\ntarget='null'").serial[0].target, SerialTarget::null_sink);
}

TEST(ConfigValues, RangesIncludeTheirEnds) {
  EXPECT_EQ(values_of("[boot]\nkernel='k'\ninitrd='sub/i'").boot.initrd, "/vm/sub/i");
  EXPECT_EQ(with_boot("[machine]\nvcpus=4096").machine.vcpus, 4096U);
  EXPECT_EQ(with_boot("[machine]\nmemory='16M'").machine.memory, 16 * MiB);
  EXPECT_EQ(with_boot("[machine]\nmemory=16777216").machine.memory, 16 * MiB);
  EXPECT_EQ(with_boot("[machine]\nmemory='64T'").machine.memory, 1ULL << 46);
  EXPECT_EQ(with_boot("[console]\nescape='none'").console.escape, 0);
  EXPECT_EQ(with_boot("[console]\nescape='ctrl-z'").console.escape, 26);
}

TEST(ConfigValues, SerialPortsAreSortedAndComOneIsAlwaysThere) {
  const VmConfig config =
      with_boot("[[serial]]\nunit=4\ntarget='null'\n[[serial]]\nunit=2\ntarget='console'\n");
  ASSERT_EQ(config.serial.size(), 3U);
  EXPECT_EQ(config.serial[0].unit, 1U);
  EXPECT_EQ(config.serial[0].target, SerialTarget::null_sink) << "COM2 is the console";
  EXPECT_EQ(config.serial[1].unit, 2U);
  EXPECT_EQ(config.serial[2].unit, 4U);
  // A path alone means a file.
  EXPECT_EQ(with_boot("[[serial]]\nunit=3\npath='x'").serial[1].target, SerialTarget::file);
}

TEST(ConfigValues, SerialPortsKnowTheirUsualPlaces) {
  if (config_facts().serial_irqs.empty()) GTEST_SKIP() << "this architecture has no port addresses";
  const VmConfig config = with_boot("[[serial]]\nunit=3\ntarget='null'");
  EXPECT_EQ(config.serial[0].port, 0x3f8);
  EXPECT_EQ(config.serial[0].irq, 4);
  EXPECT_EQ(config.serial[1].port, 0x3e8);
  EXPECT_EQ(config.serial[1].irq, 4);
}

TEST(ConfigValues, StringsMayHoldAnyCharacterAndRunOverLines) {
  EXPECT_EQ(
      values_of("[boot]\nkernel = 'k'\ncmdline = \"\"\"a \\\n   b ä\"\"\" # ö\n").boot.cmdline,
      "a b ä");
  EXPECT_EQ(values_of("[boot]\nkernel = 'k'\ncmdline = \"\"\"a \\\n   ä\"\"\"\n").boot.cmdline,
            "a ä");
  EXPECT_EQ(values_of("[boot]\nkernel = '''ä\"b''' # ö\n").boot.kernel, "/vm/ä\"b");
}

TEST(ConfigValues, WindowsLinesAndByteOrderMarkAreText) {
  EXPECT_EQ(
      values_of("\xef\xbb\xbf[boot]\r\nkernel = 'k'\r\n[machine]\r\nvcpus = 3\r\n").machine.vcpus,
      3U);
}

}  // namespace
}  // namespace skiff
