// What IDENTIFY DEVICE says, word by word.
#include "devices/ide/ata_identify.h"

#include <gtest/gtest.h>

#include "vmm/base/bytes.h"

namespace skiff {
namespace {

std::uint64_t word(const std::array<std::byte, 512>& bytes, unsigned index, unsigned count = 1) {
  std::uint64_t value = 0;
  for (unsigned i = 0; i < count; ++i) {
    value |= std::uint64_t{*load_le<std::uint16_t>(std::span<const std::byte>(bytes),
                                                   std::uint64_t{index + i} * 2)}
             << (16 * i);
  }
  return value;
}

std::string text(const std::array<std::byte, 512>& bytes, unsigned first, unsigned count) {
  std::string out;
  for (unsigned i = 0; i < count; ++i) {
    const auto both = word(bytes, first + i);
    out += static_cast<char>(both >> 8);
    out += static_cast<char>(both & 0xff);
  }
  return out;
}

TEST(AtaIdentify, SizesSerialModesAndChecksum) {
  const std::uint64_t sectors = (1ULL << 28) + 5;
  AtaIdentity identity{.serial = "abc\ndef", .sectors = sectors};
  identity.geometry = ata_default_geometry(sectors);
  identity.physical_block = 4096;
  identity.can_trim = true;
  AtaSettings settings{.geometry = {100, 8, 32}, .multiple = 8, .transfer_mode = 0x42};
  settings.write_cache = false;
  const auto bytes = ata_identify(identity, settings);
  EXPECT_EQ(word(bytes, 1), 16383U);
  EXPECT_EQ(text(bytes, 10, 10), "abc def             ");
  EXPECT_EQ(text(bytes, 27, 4), "Skiff AT");
  EXPECT_EQ(word(bytes, 54), 100U);
  EXPECT_EQ(word(bytes, 57, 2), 100U * 8 * 32);
  EXPECT_EQ(word(bytes, 59), 0x0108U);
  EXPECT_EQ(word(bytes, 60, 2), 0x0fff'ffffU);
  EXPECT_EQ(word(bytes, 63), 0x0007U);
  EXPECT_EQ(word(bytes, 88), 0x043fU);
  EXPECT_EQ(word(bytes, 85) & 0x60, 0x40U);
  EXPECT_EQ(word(bytes, 100, 4), sectors);
  EXPECT_EQ(word(bytes, 106), 0x6003U);
  EXPECT_EQ(word(bytes, 169), 1U);
  unsigned sum = 0;
  for (const std::byte byte : bytes)
    sum += std::to_integer<unsigned>(byte);
  EXPECT_EQ(sum & 0xff, 0U);
}

TEST(AtaTaskFile, AddressesOfBothWidthsAndByCylinder) {
  AtaTaskFile task;
  for (const std::uint8_t value : {std::uint8_t{0x11}, std::uint8_t{0x22}})
    task.lba_low.write(value);
  for (const std::uint8_t value : {std::uint8_t{0x33}, std::uint8_t{0x44}})
    task.lba_mid.write(value);
  for (const std::uint8_t value : {std::uint8_t{0x55}, std::uint8_t{0x66}})
    task.lba_high.write(value);
  EXPECT_EQ(task.range48().lba, 0x5533'1166'4422ULL);
  EXPECT_EQ(task.range48().sectors, 65536U);
  task.count.write(1);
  task.count.write(0);
  EXPECT_EQ(task.range48().sectors, 256U);

  const AtaGeometry geometry{100, 16, 63};
  task.device = 0xe7;
  ASSERT_TRUE(task.range28(geometry));
  EXPECT_EQ(task.range28(geometry)->lba, 0x0766'4422U);
  EXPECT_EQ(task.range28(geometry)->sectors, 256U);
  task.device = 0xa2;
  task.lba_high.now = 0;
  task.lba_mid.now = 99;
  task.lba_low.now = 63;
  ASSERT_TRUE(task.range28(geometry));
  EXPECT_EQ(task.range28(geometry)->lba, (99U * 16 + 2) * 63 + 62);
  task.lba_low.now = 0;
  EXPECT_FALSE(task.range28(geometry));
  task.lba_low.now = 64;
  EXPECT_FALSE(task.range28(geometry));
  task.lba_low.now = 1;
  task.lba_mid.now = 100;
  EXPECT_FALSE(task.range28(geometry));
  EXPECT_FALSE(task.range28({}));

  task.set_failed((99U * 16 + 5) * 63 + 7, false, geometry);
  EXPECT_EQ(task.lba_mid.now, 99);
  EXPECT_EQ(task.device & 0xf, 5);
  EXPECT_EQ(task.lba_low.now, 8);
  task.set_failed(0x5533'1166'4422ULL, true, geometry);
  EXPECT_EQ(task.range48().lba, 0x5533'1166'4422ULL);
}

}  // namespace
}  // namespace skiff
