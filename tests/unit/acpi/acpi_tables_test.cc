// Structure of the tables: where each is, its checksum, and the fields guests act on.
#include "vmm/boot/x86_64/acpi/acpi_tables.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "tests/unit/acpi/sample_platform.h"
#include "vmm/base/bytes.h"
#include "vmm/base/error.h"
#include "vmm/boot/x86_64/acpi/aml_resources.h"

namespace skiff::acpi_test {
namespace {

constexpr GuestAddress kWhere{0xe0000};
constexpr std::size_t kRoom = 0x20000;

// Finds the tables as a guest does: RSDP, XSDT, and what they point to.
class Tables {
 public:
  explicit Tables(const AcpiPlatform& platform) : acpi_(build_acpi(platform, kWhere, kRoom)) {
    const std::uint64_t xsdt = get<std::uint64_t>(rsdp(), 24);
    add(xsdt);
    for (std::uint64_t at = 36; at < get<std::uint32_t>(tables_.at("XSDT"), 4); at += 8) {
      add(get<std::uint64_t>(tables_.at("XSDT"), at));
    }
    add(get<std::uint32_t>(tables_.at("FACP"), 40));
  }
  template <typename T>
  static T get(std::span<const std::byte> bytes, std::uint64_t offset) {
    return load_le<T>(bytes, offset).value();
  }
  std::span<const std::byte> rsdp() const {
    return std::span(acpi_.bytes).subspan(acpi_.rsdp.value - kWhere.value, 36);
  }
  std::span<const std::byte> at(std::uint64_t address, std::size_t size) const {
    return subspan(std::span<const std::byte>(acpi_.bytes), address - kWhere.value, size).value();
  }
  std::span<const std::byte> operator[](const std::string& signature) const {
    return tables_.at(signature);
  }
  const std::map<std::string, std::span<const std::byte>>& all() const { return tables_; }

 private:
  void add(std::uint64_t address) {
    const auto size = get<std::uint32_t>(at(address, 36), 4);
    const auto table = at(address, size);
    tables_[std::string(reinterpret_cast<const char*>(table.data()), 4)] = table;
  }

  AcpiTables acpi_;
  std::map<std::string, std::span<const std::byte>> tables_;
};

unsigned sum(std::span<const std::byte> bytes) {
  unsigned total = 0;
  for (const std::byte byte : bytes)
    total += std::to_integer<unsigned>(byte);
  return total & 0xff;
}

// The entries of the MADT as (type, body after the two-byte head).
std::vector<std::pair<unsigned, std::string>> entries(std::span<const std::byte> madt) {
  std::vector<std::pair<unsigned, std::string>> found;
  for (std::size_t at = 44; at < madt.size();) {
    const auto length = Tables::get<std::uint8_t>(madt, at + 1);
    EXPECT_GE(length, 2);
    const auto body = madt.subspan(at + 2, length - 2U);
    found.emplace_back(Tables::get<std::uint8_t>(madt, at),
                       std::string(reinterpret_cast<const char*>(body.data()), body.size()));
    at += length;
  }
  return found;
}

TEST(AcpiTables, EveryTableIsFoundAndSumsToZero) {
  const Tables tables(sample_platform());
  EXPECT_EQ(sum(tables.rsdp()), 0U);
  EXPECT_EQ(sum(tables.rsdp().first(20)), 0U);
  for (const char* const signature : {"XSDT", "FACP", "APIC", "MCFG", "DSDT"}) {
    ASSERT_TRUE(tables.all().contains(signature)) << signature;
    EXPECT_EQ(sum(tables[signature]), 0U) << signature;
  }
}

TEST(AcpiTables, FadtPointsToAlignedFacsAndNamesTheRegisters) {
  const Tables tables(sample_platform());
  const auto fadt = tables["FACP"];
  ASSERT_EQ(fadt.size(), 276U);
  EXPECT_EQ(Tables::get<std::uint8_t>(fadt, 8), 6U);
  const auto facs = Tables::get<std::uint32_t>(fadt, 36);
  EXPECT_EQ(facs % 64, 0U);
  EXPECT_EQ(Tables::get<std::uint32_t>(tables.at(facs, 64), 0), 0x53434146U);
  EXPECT_EQ(Tables::get<std::uint32_t>(tables.at(facs, 64), 4), 64U);
  EXPECT_EQ(Tables::get<std::uint32_t>(fadt, 40), Tables::get<std::uint64_t>(fadt, 140));
  EXPECT_EQ(Tables::get<std::uint16_t>(fadt, 46), 9U);
  EXPECT_EQ(Tables::get<std::uint32_t>(fadt, 48), 0U) << "SMI_CMD";
  EXPECT_EQ(Tables::get<std::uint32_t>(fadt, 56), 0x600U);
  EXPECT_EQ(Tables::get<std::uint32_t>(fadt, 64), 0x604U);
  EXPECT_EQ(Tables::get<std::uint32_t>(fadt, 76), 0U) << "no PM timer";
  EXPECT_EQ(Tables::get<std::uint8_t>(fadt, 108), 0x32U);
  EXPECT_EQ(Tables::get<std::uint16_t>(fadt, 109), 0x5U) << "legacy devices, no VGA, an RTC";
  EXPECT_EQ(Tables::get<std::uint32_t>(fadt, 112), 0x465U);
  EXPECT_EQ(Tables::get<std::uint64_t>(fadt, 116 + 4), 0xcf9U);
  EXPECT_EQ(Tables::get<std::uint8_t>(fadt, 128), 6U);
  EXPECT_EQ(Tables::get<std::uint64_t>(fadt, 148 + 4), 0x600U);
  EXPECT_EQ(Tables::get<std::uint8_t>(fadt, 148 + 1), 32U) << "width agrees with PM1_EVT_LEN";
  EXPECT_EQ(Tables::get<std::uint64_t>(fadt, 172 + 4), 0x604U);
  EXPECT_EQ(Tables::get<std::uint8_t>(fadt, 172 + 1), 16U);
}

TEST(AcpiTables, FadtSaysWhatLegacyHardwareIsThere) {
  AcpiPlatform platform = sample_platform();
  platform.keyboard_controller = true;
  platform.cmos_rtc = false;
  const Tables tables(platform);
  EXPECT_EQ(Tables::get<std::uint16_t>(tables["FACP"], 109), 0x27U);
  EXPECT_EQ(Tables::get<std::uint8_t>(tables["FACP"], 108), 0U);
}

TEST(AcpiTables, MadtOfASmallMachine) {
  const Tables tables(sample_platform(2));
  EXPECT_EQ(Tables::get<std::uint32_t>(tables["APIC"], 36), 0xfee0'0000U);
  EXPECT_EQ(Tables::get<std::uint32_t>(tables["APIC"], 40), 1U);
  using namespace std::string_literals;
  const std::vector<std::pair<unsigned, std::string>> expected{
      {0, "\0\0\1\0\0\0"s},         {0, "\1\1\1\0\0\0"s}, {1, "\0\0\0\0\xc0\xfe\0\0\0\0"s},
      {2, "\0\0\2\0\0\0\0\0"s},      // IRQ 0 -> GSI 2
      {2, "\0\x9\x9\0\0\0\x0d\0"s},  // SCI: level, active high
      {4, "\xff\0\0\1"s},
  };
  EXPECT_EQ(entries(tables["APIC"]), expected);
}

// A guest that learns of the device elsewhere than in the namespace must not take its line for an
// edge.
TEST(AcpiTables, MadtTellsOfLevelTriggeredIsaLinesOnce) {
  AcpiPlatform platform = sample_platform(1);
  for (HwDescription& device : platform.devices) {
    if (device.name != "VIO0" && device.name != "COM1") continue;
    device.interrupt = HwInterrupt{.number = 10, .trigger = IrqTrigger::level, .shared = true};
  }
  using namespace std::string_literals;
  const std::vector<std::pair<unsigned, std::string>> expected{
      {0, "\0\0\1\0\0\0"s},         {1, "\0\0\0\0\xc0\xfe\0\0\0\0"s}, {2, "\0\0\2\0\0\0\0\0"s},
      {2, "\0\x9\x9\0\0\0\x0d\0"s}, {2, "\0\x0a\x0a\0\0\0\x0d\0"s},   {4, "\xff\0\0\1"s},
  };
  EXPECT_EQ(entries(Tables(platform)["APIC"]), expected);
}

TEST(AcpiTables, MadtUsesX2apicEntriesWhereTheShortOnesEnd) {
  AcpiPlatform platform = sample_platform(0);
  platform.apic_ids = {0, 254, 255, 0x1000};
  platform.irq0_gsi = 0;
  platform.legacy_pic = false;
  platform.sci = {.number = 11, .trigger = IrqTrigger::edge, .polarity = IrqPolarity::active_low};
  const Tables tables(platform);
  EXPECT_EQ(Tables::get<std::uint32_t>(tables["APIC"], 40), 0U);
  using namespace std::string_literals;
  const std::vector<std::pair<unsigned, std::string>> expected{
      {0, "\0\0\1\0\0\0"s},
      {0, "\1\xfe\1\0\0\0"s},
      {9, "\0\0\xff\0\0\0\1\0\0\0\2\0\0\0"s},
      {9, "\0\0\0\x10\0\0\1\0\0\0\3\0\0\0"s},
      {1, "\0\0\0\0\xc0\xfe\0\0\0\0"s},
      {2, "\0\x0b\x0b\0\0\0\x07\0"s},
      {4, "\xff\0\0\1"s},
      {0xa, "\0\0\xff\xff\xff\xff\1\0\0\0"s},
  };
  EXPECT_EQ(entries(tables["APIC"]), expected);
}

TEST(AcpiTables, McfgDescribesTheEcam) {
  const Tables tables(sample_platform());
  const auto mcfg = tables["MCFG"];
  ASSERT_EQ(mcfg.size(), 60U);
  EXPECT_EQ(Tables::get<std::uint64_t>(mcfg, 44), 0xb000'0000U);
  EXPECT_EQ(Tables::get<std::uint8_t>(mcfg, 54), 0U);
  EXPECT_EQ(Tables::get<std::uint8_t>(mcfg, 55), 0U) << "one bus per MiB";
}

TEST(AcpiTables, ConfigurationPortsAreCutOutOfTheIoWindow) {
  const Tables tables(sample_platform());
  const std::string dsdt(reinterpret_cast<const char*>(tables["DSDT"].data()),
                         tables["DSDT"].size());
  EXPECT_NE(dsdt.find(aml::io_window({0, 0xcf8}).bytes), std::string::npos);
  EXPECT_NE(dsdt.find(aml::io_window({0xd00, 0xf300}).bytes), std::string::npos);
  EXPECT_NE(dsdt.find(aml::io_ports({0xcf8, 8}).bytes), std::string::npos);
}

TEST(AcpiTables, PortsWithoutABarHaveWindowsOfTheirOwnOutsideTheLargeOne) {
  AcpiPlatform platform = sample_platform();
  platform.pci->io = {0x1000, 0xf000};
  platform.pci->fixed_io = {{0x1f0, 8}, {0x3f6, 1}, {0x1000, 8}};
  const Tables tables(platform);
  const std::string dsdt(reinterpret_cast<const char*>(tables["DSDT"].data()),
                         tables["DSDT"].size());
  EXPECT_NE(dsdt.find(aml::io_window({0x1f0, 8}).bytes), std::string::npos);
  EXPECT_NE(dsdt.find(aml::io_window({0x3f6, 1}).bytes), std::string::npos);
  EXPECT_EQ(dsdt.find(aml::io_window({0x1000, 8}).bytes), std::string::npos);
}

TEST(AcpiTables, WithoutApicsThereIsNoMadt) {
  AcpiPlatform platform = sample_platform(1);
  platform.has_apic = false;
  const Tables tables(platform);
  EXPECT_FALSE(tables.all().contains("APIC"));
  EXPECT_TRUE(tables.all().contains("MCFG"));
  EXPECT_EQ(Tables::get<std::uint32_t>(tables["XSDT"], 4), 36U + 2 * 8);
}

TEST(AcpiTables, WithoutPciThereIsNoMcfg) {
  AcpiPlatform platform = sample_platform();
  platform.pci.reset();
  const Tables tables(platform);
  EXPECT_FALSE(tables.all().contains("MCFG"));
  EXPECT_EQ(tables["XSDT"].size(), 36U + 2 * 8);
}

TEST(AcpiTables, LargestMachineFitsTheBiosArea) {
  const AcpiTables tables = build_acpi(sample_platform(1024), kWhere, kRoom);
  EXPECT_LE(tables.bytes.size(), kRoom);
}

TEST(AcpiTables, WhatCannotBeDescribedIsAConfigError) {
  EXPECT_THROW(build_acpi(sample_platform(), kWhere, 512), ConfigError) << "no room";
  EXPECT_THROW(build_acpi(sample_platform(), GuestAddress{0xffff'ffc0}, kRoom), ConfigError);
  EXPECT_THROW(build_acpi(sample_platform(0), kWhere, kRoom), ConfigError) << "no vCPU";
  for (const char* const name : {"", "TOOLONG", "1COM", "com1", "C00F", "PCI0", "COM1"}) {
    AcpiPlatform platform = sample_platform();
    platform.devices.back() = platform.devices.front();
    platform.devices.back().name = name;
    EXPECT_THROW(build_acpi(platform, kWhere, kRoom), ConfigError) << name;
  }
  AcpiPlatform platform = sample_platform();
  platform.devices[0].ranges[0].range = {0xfffc, 8};
  EXPECT_THROW(build_acpi(platform, kWhere, kRoom), ConfigError) << "past the last port";
  platform = sample_platform();
  platform.pci->ecam.size = 4096;
  EXPECT_THROW(build_acpi(platform, kWhere, kRoom), ConfigError);
  platform = sample_platform();
  platform.pci->intx_gsis.clear();
  EXPECT_THROW(build_acpi(platform, kWhere, kRoom), ConfigError);
}

}  // namespace
}  // namespace skiff::acpi_test
