#include "devices/pci/config_space.h"

#include <gtest/gtest.h>

#include <array>

#include "vmm/base/error.h"

namespace skiff {
namespace {

TEST(PciConfigSpace, EveryWidthAndOffsetReadsTheBytesAndOnesPastTheEnd) {
  PciConfigSpace space;
  for (unsigned i = 0; i < 256; ++i)
    space.set(i, 1, i ^ 0x5a);
  for (unsigned width = 1; width <= 8; ++width) {
    for (unsigned offset = 0; offset < 300; ++offset) {
      std::uint64_t expected = 0;
      for (unsigned i = 0; i < width; ++i) {
        const std::uint64_t byte = offset + i < 256 ? (offset + i) ^ 0x5a : 0xff;
        expected |= (byte & 0xff) << (i * 8);
      }
      ASSERT_EQ(space.read(offset, width), expected) << offset << " width " << width;
    }
  }
  EXPECT_EQ(space.read(~0ULL - 1, 8), ~0ULL);
  EXPECT_EQ(space.read(~0ULL, 4), 0xffff'ffffU) << "must not wrap to register 0";
}

TEST(PciConfigSpace, WritesAtEveryWidthAndOffsetChangeOnlyWritableBits) {
  for (unsigned width = 1; width <= 8; ++width) {
    for (unsigned offset = 0; offset < 264; ++offset) {
      PciConfigSpace space;
      for (unsigned i = 0; i < 256; i += 2)
        space.set_writable(i, 1, 0x3c);
      space.write(offset, width, ~0ULL);
      for (unsigned i = 0; i < 256; ++i) {
        const bool hit = i >= offset && i < offset + width && i % 2 == 0;
        ASSERT_EQ(space.get(i, 1), hit ? 0x3cU : 0U) << i << " " << offset << " " << width;
      }
    }
  }
}

TEST(PciConfigSpace, WriteAtTheEndOfTheAddressSpaceDoesNotWrap) {
  PciConfigSpace space;
  space.set_writable(0, 4, 0xffff'ffff);
  space.write(~0ULL - 1, 8, 0x1122'3344'5566'7788);
  EXPECT_EQ(space.get(0, 4), 0U);
}

TEST(PciConfigSpace, WriteOneToClearClearsOnlyThoseBits) {
  PciConfigSpace space;
  space.set_write_one_to_clear(6, 2, 0xf900);
  space.set(6, 2, 0xf910);
  space.write(6, 2, 0x8010);
  EXPECT_EQ(space.get(6, 2), 0x7910U);
  space.write(7, 1, 0xff);
  EXPECT_EQ(space.get(6, 2), 0x0010U);
}

TEST(PciConfigSpace, ResetBringsBackInitialValues) {
  PciConfigSpace space;
  space.set_initial(0x10, 4, 0x1234'5678);
  space.set_writable(0x10, 4, 0xffff'ffff);
  space.write(0x10, 4, 0);
  space.set(0x20, 1, 9);
  space.reset();
  EXPECT_EQ(space.get(0x10, 4), 0x1234'5678U);
  EXPECT_EQ(space.get(0x20, 1), 0U);
}

TEST(PciConfigSpace, CapabilitiesFormAListInOrder) {
  PciConfigSpace space;
  EXPECT_EQ(space.get(pci::kStatus, 2), 0U);
  const std::array<std::byte, 5> body{std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4},
                                      std::byte{5}};
  const std::array<std::byte, 2> writable{std::byte{0xff}, std::byte{0x0f}};
  const unsigned first = space.add_capability(pci::kCapabilityVendor, body);
  const unsigned second = space.add_capability(pci::kCapabilityMsix, body, writable);
  EXPECT_EQ(space.get(pci::kStatus, 2), pci::kStatusCapabilities);
  EXPECT_EQ(space.get(pci::kCapabilitiesPointer, 1), first);
  EXPECT_EQ(first, 0x40U);
  EXPECT_EQ(space.get(first + 1, 1), second);
  EXPECT_EQ(second % 4, 0U);
  EXPECT_EQ(space.get(second + 1, 1), 0U);
  EXPECT_EQ(space.get(second + 2, 4), 0x0403'0201U);
  EXPECT_EQ(space.find_capability(pci::kCapabilityMsix), second);
  EXPECT_EQ(space.find_capability(pci::kCapabilityExpress), 0U);
  space.write(second + 2, 4, 0xffff'ffff);
  EXPECT_EQ(space.get(second + 2, 4), 0x0403'0fffU);
}

TEST(PciConfigSpace, TooManyCapabilitiesAreRefused) {
  PciConfigSpace space;
  const std::array<std::byte, 62> body{};
  for (int i = 0; i < 3; ++i)
    space.add_capability(pci::kCapabilityVendor, body);
  EXPECT_THROW(space.add_capability(pci::kCapabilityVendor, {}), ConfigError);
}

TEST(PciConfigSpace, ExtendedCapabilitiesFormTheirOwnList) {
  PciConfigSpace space(pci::kExtendedConfigSize);
  const std::array<std::byte, 8> body{std::byte{0xaa}};
  EXPECT_EQ(space.get(0x100, 4), 0U) << "no extended capability";
  EXPECT_EQ(space.add_extended_capability(3, 1, body), 0x100U);
  EXPECT_EQ(space.add_extended_capability(0xb, 1, body), 0x10cU);
  EXPECT_EQ(space.get(0x100, 4), 0x10c1'0003U);
  EXPECT_EQ(space.get(0x10c, 4), 0x0001'000bU);
  PciConfigSpace conventional;
  EXPECT_THROW(conventional.add_extended_capability(3, 1, body), ConfigError);
}

}  // namespace
}  // namespace skiff
