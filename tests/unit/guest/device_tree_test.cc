// The guest programs' reader of device trees, given those that Skiff writes, and broken ones.
#include "guest/aarch64/runtime/device_tree.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "vmm/base/bits.h"
#include "vmm/boot/aarch64/device_tree.h"

namespace skiff::test {
namespace {

std::vector<std::byte> sample(const std::string& cmdline) {
  arm64::DeviceTreePlatform platform;
  platform.memory = {{GiB, 512 * MiB}};
  platform.mpidrs = {0, 0x1'0000'0100};
  platform.gic.distributor = {0x0800'0000, 0x1'0000};
  platform.gic.redistributors = {0x0c00'0000, 0x4'0000};
  platform.gic.its = {0x0808'0000, 0x2'0000};
  for (std::uint32_t i = 0; i < 3; ++i) {
    platform.devices.push_back(
        {.name = "DEV0",
         .acpi_hid = {},
         .fdt_compatible = i == 0 ? "arm,pl011 arm,primecell" : "virtio,mmio",
         .unit = 0,
         .ranges = {{IoSpace::mmio, {0x0900'0000 + i * 0x1000, 0x1000}}},
         .interrupt = HwInterrupt{.number = 7 + i, .trigger = IrqTrigger::level}});
  }
  platform.pci = arm64::DeviceTreePci{.ecam = {0x3f00'0000, MiB},
                                      .ports = {},
                                      .mmio32 = {0x1000'0000, 752 * MiB},
                                      .mmio64 = {2 * GiB, GiB},
                                      .intx_spis = {8}};
  platform.cmdline = cmdline;
  return arm64::write_device_tree(platform);
}

class GuestDeviceTree : public testing::Test {
 protected:
  void open(std::vector<std::byte> bytes) {
    blob = std::move(bytes);
    ASSERT_TRUE(tree_open(&tree, blob.data()));
  }
  std::string text(TreeNode node, const char* name) const {
    const std::uint8_t* const value = tree_property(&tree, node, name, nullptr);
    return value == nullptr ? "(none)" : reinterpret_cast<const char*>(value);
  }

  std::vector<std::byte> blob;
  DeviceTree tree{};
};

TEST_F(GuestDeviceTree, FindsByNameWhateverTheUnitAddress) {
  open(sample("hold cells=a"));
  EXPECT_EQ(text(tree_named(&tree, "chosen", 0), "bootargs"), "hold cells=a");
  const TreeNode memory = tree_named(&tree, "memory", 0);
  EXPECT_EQ(tree_wide(&tree, memory, "reg", 0), GiB);
  EXPECT_EQ(tree_wide(&tree, memory, "reg", 1), 512 * MiB);
  EXPECT_EQ(tree_named(&tree, "mem", 0), 0U);
  EXPECT_EQ(tree_named(&tree, "memory", memory), 0U);
}

TEST_F(GuestDeviceTree, FindsByAnyOfTheWordsOfCompatible) {
  open(sample(""));
  const TreeNode serial = tree_compatible(&tree, "arm,primecell", 0);
  EXPECT_NE(serial, 0U);
  EXPECT_EQ(serial, tree_compatible(&tree, "arm,pl011", 0));
  EXPECT_EQ(tree_compatible(&tree, "arm,pl0", 0), 0U);
  EXPECT_EQ(tree_cell(&tree, serial, "interrupts", 1), 7U);
  // Also one that lies in another.
  EXPECT_EQ(tree_wide(&tree, tree_compatible(&tree, "arm,gic-v3-its", 0), "reg", 0), 0x0808'0000U);
  EXPECT_EQ(tree_wide(&tree, tree_compatible(&tree, "pci-host-ecam-generic", 0), "reg", 0),
            0x3f00'0000U);
}

TEST_F(GuestDeviceTree, GoesFromOneToTheNext) {
  open(sample(""));
  std::vector<std::uint64_t> places;
  for (TreeNode node = 0; (node = tree_compatible(&tree, "virtio,mmio", node)) != 0;)
    places.push_back(tree_wide(&tree, node, "reg", 0));
  EXPECT_EQ(places, (std::vector<std::uint64_t>{0x0900'1000, 0x0900'2000}));
}

TEST_F(GuestDeviceTree, WhatIsNotThereIsZero) {
  open(sample(""));
  const TreeNode serial = tree_compatible(&tree, "arm,pl011", 0);
  EXPECT_EQ(tree_cell(&tree, serial, "interrupts", 3), 0U) << "it has three";
  EXPECT_EQ(tree_cell(&tree, serial, "nothing", 0), 0U);
  EXPECT_EQ(tree_property(&tree, 0, "reg", nullptr), nullptr);
  // A node does not have what its child has.
  const TreeNode gic = tree_compatible(&tree, "arm,gic-v3", 0);
  EXPECT_NE(tree_property(&tree, gic, "interrupt-controller", nullptr), nullptr);
  EXPECT_EQ(tree_property(&tree, gic, "#msi-cells", nullptr), nullptr);
}

TEST_F(GuestDeviceTree, WhatIsNoTreeIsRefused) {
  EXPECT_FALSE(tree_open(&tree, nullptr));
  std::vector<std::byte> other = sample("");
  other[0] = std::byte{0};
  EXPECT_FALSE(tree_open(&tree, other.data()));
  std::vector<std::byte> longer = sample("");
  longer[36] = std::byte{0xff};  // size_dt_struct
  EXPECT_FALSE(tree_open(&tree, longer.data()));
}

// Each in a buffer of its own, so that a sanitizer sees what is read behind it.
TEST_F(GuestDeviceTree, ABrokenOneIsReadNoFurtherThanItIsLong) {
  const std::vector<std::byte> whole = sample("some words");
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    const auto copy = std::make_unique<std::byte[]>(whole.size());
    std::copy(whole.begin(), whole.end(), copy.get());
    for (int i = 0; i < 8; ++i)
      copy[40 + random() % (whole.size() - 40)] = static_cast<std::byte>(random());
    DeviceTree broken{};
    ASSERT_TRUE(tree_open(&broken, copy.get()));
    unsigned found = 0;
    for (TreeNode node = 0; (node = tree_compatible(&broken, "virtio,mmio", node)) != 0; ++found)
      (void)tree_wide(&broken, node, "reg", 0);
    (void)tree_named(&broken, "chosen", 0);
    EXPECT_LE(found, 2U);
  }
}

}  // namespace
}  // namespace skiff::test
