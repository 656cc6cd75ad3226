// Base address registers: sizing, assignment, moves, collisions.
#include <gtest/gtest.h>

#include "tests/unit/pci/pci_fixture.h"
#include "vmm/base/bits.h"
#include "vmm/base/error.h"

namespace skiff::pci_test {
namespace {

constexpr std::uint32_t kOnes = 0xffff'ffff;

class PciBars : public testing::Test {
 protected:
  PciBars() { machine.bus->add(function, {0, 3, 0}); }

  void assign() { machine.bus->assign_bars(); }
  std::uint32_t bar(unsigned index) {
    return static_cast<std::uint32_t>(function.config_read(0x10 + index * 4, 4));
  }
  void set_bar(unsigned index, std::uint64_t value) {
    function.config_write(0x10 + index * 4, 4, value);
  }

  Machine machine;
  TestFunction function{machine.msi};
};

TEST_F(PciBars, SizingByAllOnesTellsSizeAndType) {
  const std::array<std::uint32_t, 6> expected{0xffff'ffe1, 0xffff'f000, 0xffff'000c,
                                              0xffff'ffff, 0xffff'f000, 0};
  for (unsigned i = 0; i < 6; ++i) {
    set_bar(i, kOnes);
    EXPECT_EQ(bar(i), expected.at(i)) << i;
  }
}

TEST_F(PciBars, SizingWithByteWritesWorksToo) {
  for (unsigned i = 0; i < 4; ++i)
    function.config_write(0x14 + i, 1, 0xff);
  EXPECT_EQ(bar(1), 0xffff'f000U);
}

TEST_F(PciBars, AssignmentAlignsEveryBarInsideItsWindowAndDecodesIt) {
  assign();
  EXPECT_EQ(bar(0) & 3, 1U);
  const std::uint64_t io = bar(0) & ~3U;
  const std::uint64_t mmio32 = bar(1);
  const std::uint64_t mmio64 = std::uint64_t{bar(3)} << 32 | (bar(2) & ~0xfU);
  EXPECT_TRUE(kWindows.io.contains(Range{io, 32}));
  EXPECT_TRUE(kWindows.mmio32.contains(Range{mmio32, 4096}));
  EXPECT_TRUE(kWindows.mmio64.contains(Range{mmio64, 65536}));
  EXPECT_EQ(mmio64 % 65536, 0U);
  EXPECT_EQ(machine.port(io + 4), 0x14U);
  EXPECT_EQ(machine.mmio(mmio32 + 8), 0x2008U);
  EXPECT_EQ(machine.mmio(mmio64 + 0xfff0), 0x3fff0U);
  EXPECT_EQ(function.where[1], mmio32);
  EXPECT_EQ(function.config(pci::kCommand, 2), 3U);
}

TEST_F(PciBars, NothingDecodesBeforeTheCommandRegisterSaysSo) {
  set_bar(1, 0xe000'0000);
  EXPECT_EQ(machine.mmio(0xe000'0000), kOnes);
  function.config_write(pci::kCommand, 2, pci::kCommandMemory);
  EXPECT_EQ(machine.mmio(0xe000'0000), 0x2000U);
  function.config_write(pci::kCommand, 1, 0);
  EXPECT_EQ(machine.mmio(0xe000'0000), kOnes);
  EXPECT_TRUE(machine.mmio_bus.snapshot().empty());
}

TEST_F(PciBars, MovingABarMovesItsRegisters) {
  assign();
  const std::uint64_t before = bar(1);
  set_bar(1, 0xe800'0000);
  EXPECT_EQ(machine.mmio(0xe800'0004), 0x2004U);
  EXPECT_EQ(machine.mmio(before), kOnes);
  EXPECT_EQ(function.where[1], 0xe800'0000U);
  EXPECT_EQ(machine.bus->faults(), 0U);
}

TEST_F(PciBars, SizingWithDecodingOnIsNoFaultAndComesBack) {
  assign();
  const std::uint32_t before = bar(1);
  set_bar(1, kOnes);
  EXPECT_EQ(machine.mmio(before), kOnes);
  set_bar(1, before);
  EXPECT_EQ(machine.mmio(before), 0x2000U);
  EXPECT_EQ(machine.bus->faults(), 0U);
}

TEST_F(PciBars, AddressOutsideTheWindowsDecodesNothingAndIsCounted) {
  assign();
  // RAM, the local APIC, a legacy port, the window's last byte but one BAR too high.
  for (const std::uint64_t address : {0x10'0000ULL, 0xfee0'0000ULL, 0xf000'0000ULL}) {
    set_bar(1, address);
    EXPECT_EQ(machine.mmio(address), kOnes) << address;
    EXPECT_FALSE(function.where[1]);
  }
  set_bar(0, 0x3f8 & ~31U);
  EXPECT_EQ(machine.port(0x3f8 & ~31U), kOnes);
  EXPECT_EQ(machine.bus->faults(), 4U);
}

TEST_F(PciBars, HighHalfMovesA64BitBar) {
  assign();
  set_bar(3, 0x7f);
  EXPECT_FALSE(function.where[2]) << "0x7f'xxxx'xxxx is outside the window";
  set_bar(3, 0x80);
  EXPECT_TRUE(function.where[2]);
}

TEST_F(PciBars, CollisionDecodesNothingUntilTheOtherMovesAway) {
  TestFunction other(machine.msi, "test1");
  machine.bus->add(other, {0, 4, 0});
  assign();
  const std::uint64_t mine = bar(1);
  const std::uint64_t theirs = other.config_read(0x14, 4);
  ASSERT_NE(mine, theirs);
  // Swap the two, as an operating system that reassigns resources does.
  set_bar(1, theirs);
  EXPECT_EQ(machine.mmio(theirs), 0x2000U);
  EXPECT_EQ(other.where[1], theirs) << "the first one stays";
  EXPECT_FALSE(function.where[1]);
  EXPECT_EQ(machine.bus->faults(), 1U);
  other.config_write(0x14, 4, mine);
  EXPECT_EQ(other.where[1], mine);
  EXPECT_EQ(function.where[1], theirs) << "granted when the place became free";
}

TEST_F(PciBars, BarOnTopOfAPlatformDeviceDecodesNothing) {
  TagDevice platform("platform", 0x99000);
  ASSERT_TRUE(machine.mmio_bus.add({0xe100'0000, 16}, platform));
  function.config_write(pci::kCommand, 2, pci::kCommandMemory);
  set_bar(1, 0xe100'0000);
  EXPECT_EQ(machine.mmio(0xe100'0000), 0x99000U);
  EXPECT_EQ(machine.bus->faults(), 1U);
}

TEST_F(PciBars, ResetPutsEverythingBackAsFirmwareLeftIt) {
  assign();
  const std::uint32_t assigned = bar(1);
  set_bar(1, 0xe900'0000);
  function.config_write(pci::kInterruptLine, 1, 0x55);
  function.config_write(pci::kCommand, 2, 0x7);
  machine.bus->reset();
  EXPECT_EQ(bar(1), assigned);
  EXPECT_EQ(machine.mmio(assigned), 0x2000U);
  EXPECT_EQ(machine.mmio(0xe900'0000), kOnes);
  EXPECT_FALSE(function.bus_master());
  EXPECT_EQ(function.config(pci::kInterruptLine, 1), 19U);
  EXPECT_EQ(function.resets, 1);
}

TEST_F(PciBars, DestroyedFunctionLeavesBusesAndConfigurationSpace) {
  {
    TestFunction other(machine.msi, "test1");
    machine.bus->add(other, {0, 9, 0});
    assign();
    EXPECT_EQ(machine.bus->config_read({0, 9, 0}, 0, 2), 0x1af4U);
  }
  EXPECT_EQ(machine.bus->config_read({0, 9, 0}, 0, 2), 0xffffU);
  EXPECT_EQ(machine.mmio_bus.snapshot().size(), 3U) << "the other function's three memory BARs";
}

TEST_F(PciBars, WindowThatBeginsAtAnOddPlaceStillGivesAlignedBars) {
  IoBus ports("port", Range{0, 0x10000});
  IoBus mmio("MMIO", Range{0, 1ULL << 46});
  const std::array<PciIntxRoute, 1> routes{};
  PciBus odd(ports, mmio, {.io = {0xc010, 0x100}, .mmio32 = {0xe000'0800, 0x10'0000}, .mmio64 = {}},
             routes);
  TestFunction one(machine.msi);
  odd.add(one);
  odd.assign_bars();
  EXPECT_EQ(one.where[0], 0xc020U);
  EXPECT_EQ(one.where[2], 0xe001'0000U) << "no 64-bit window: below 4 GiB";
  EXPECT_EQ(one.where[1], 0xe002'0000U);
}

TEST_F(PciBars, FullWindowIsAConfigError) {
  IoBus ports("port", Range{0, 0x10000});
  IoBus mmio("MMIO", Range{0, 1ULL << 46});
  const std::array<PciIntxRoute, 1> routes{};
  PciBus small(ports, mmio, {.io = {0xc000, 0x20}, .mmio32 = {0xe000'0000, 0x2000}, .mmio64 = {}},
               routes);
  TestFunction one(machine.msi);
  small.add(one);
  EXPECT_THROW(small.assign_bars(), ConfigError);
}

}  // namespace
}  // namespace skiff::pci_test
