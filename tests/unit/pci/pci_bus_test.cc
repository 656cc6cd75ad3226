// Functions on the bus: identity, command and status, interrupts, MSI-X through configuration
// space.
#include <gtest/gtest.h>

#include "tests/unit/pci/pci_fixture.h"
#include "vmm/base/bits.h"
#include "vmm/base/error.h"

namespace skiff::pci_test {
namespace {

class PciBusTest : public testing::Test {
 protected:
  Machine machine;
  TestFunction function{machine.msi};
};

TEST_F(PciBusTest, HostBridgeShowsItsIdentity) {
  PciHostBridge bridge;
  machine.bus->add(bridge);
  EXPECT_EQ(bridge.address(), (PciAddress{0, 0, 0}));
  EXPECT_EQ(machine.bus->config_read({0, 0, 0}, 0, 4), 0x0d57'8086U);
  EXPECT_EQ(machine.bus->config_read({0, 0, 0}, 8, 4), 0x0600'0000U);
  EXPECT_EQ(machine.bus->config_read({0, 0, 0}, 0xe, 1), 0U);
  EXPECT_EQ(machine.bus->config_read({0, 0, 0}, pci::kInterruptPin, 1), 0U);
}

TEST_F(PciBusTest, IdentityRegistersAreReadOnly) {
  machine.bus->add(function, {0, 5, 0});
  const PciAddress at{0, 5, 0};
  for (const unsigned offset : {0x00U, 0x08U, 0x2cU, 0x34U}) {
    const std::uint64_t before = machine.bus->config_read(at, offset, 4);
    machine.bus->config_write(at, offset, 4, ~before);
    EXPECT_EQ(machine.bus->config_read(at, offset, 4), before) << offset;
  }
  EXPECT_EQ(machine.bus->config_read(at, 0, 4), 0x1050'1af4U);
  EXPECT_EQ(machine.bus->config_read(at, 8, 4), 0xff00'0107U);
  EXPECT_EQ(machine.bus->config_read(at, 0x2c, 4), 0x5678'1234U);
  machine.bus->config_write(at, pci::kCommand, 4, 0xffff'ffff);
  EXPECT_EQ(machine.bus->config_read(at, pci::kCommand, 2), 0x0547U);
}

TEST_F(PciBusTest, AbsentFunctionsReadOnes) {
  machine.bus->add(function, {0, 5, 0});
  EXPECT_EQ(machine.bus->config_read({0, 5, 1}, 0, 4), 0xffff'ffffU);
  EXPECT_EQ(machine.bus->config_read({1, 5, 0}, 0, 4), 0xffff'ffffU) << "only bus 0 is there";
  EXPECT_EQ(machine.bus->config_read({0, 6, 0}, 0, 8), ~0ULL);
  machine.bus->config_write({0, 6, 0}, 4, 2, 7);
  EXPECT_EQ(machine.bus->config_read({0, 5, 0}, 0x100, 4), 0xffff'ffffU)
      << "a conventional function has no extended space";
}

TEST_F(PciBusTest, SecondFunctionMakesTheSlotMultiFunction) {
  TestFunction second(machine.msi, "test1");
  machine.bus->add(function, {0, 5, 0});
  EXPECT_EQ(machine.bus->config_read({0, 5, 0}, pci::kHeaderType, 1), 0U);
  machine.bus->add(second, {0, 5, 3});
  EXPECT_EQ(machine.bus->config_read({0, 5, 0}, pci::kHeaderType, 1), 0x80U);
  machine.bus->reset();
  EXPECT_EQ(machine.bus->config_read({0, 5, 0}, pci::kHeaderType, 1), 0x80U);
}

TEST_F(PciBusTest, TakenOrMissingPlacesAreConfigErrors) {
  machine.bus->add(function, {0, 5, 0});
  TestFunction second(machine.msi, "test1");
  EXPECT_THROW(machine.bus->add(second, {0, 5, 0}), ConfigError);
  EXPECT_THROW(machine.bus->add(second, {1, 5, 0}), ConfigError);
  std::vector<std::unique_ptr<PciHostBridge>> fill;
  for (int i = 0; i < 31; ++i) {
    machine.bus->add(*fill.emplace_back(std::make_unique<PciHostBridge>()));
  }
  EXPECT_THROW(machine.bus->add(second), ConfigError);
}

TEST_F(PciBusTest, IntxIsRoutedBySlotAndShared) {
  TestFunction same_pin(machine.msi, "test1");
  machine.bus->add(function, {0, 2, 0});
  machine.bus->add(same_pin, {0, 6, 0});
  EXPECT_EQ(machine.bus->config_read({0, 2, 0}, pci::kInterruptLine, 2), 0x0112U);
  EXPECT_EQ(machine.bus->intx_number(3, 2), 17U);
  function.set_intx(true);
  same_pin.set_intx(true);
  EXPECT_TRUE(machine.pins[2].level);
  EXPECT_NE(machine.bus->config_read({0, 2, 0}, pci::kStatus, 2) & pci::kStatusInterrupt, 0U);
  function.set_intx(false);
  EXPECT_TRUE(machine.pins[2].level);
  same_pin.set_intx(false);
  EXPECT_FALSE(machine.pins[2].level);
  EXPECT_EQ(machine.bus->config_read({0, 2, 0}, pci::kStatus, 2) & pci::kStatusInterrupt, 0U);
}

TEST_F(PciBusTest, IntxDisableHidesTheLevelButNotTheStatus) {
  machine.bus->add(function, {0, 1, 0});
  function.set_intx(true);
  machine.bus->config_write({0, 1, 0}, pci::kCommand, 2, pci::kCommandIntxDisable);
  EXPECT_FALSE(machine.pins[1].level);
  EXPECT_NE(function.config(pci::kStatus, 2) & pci::kStatusInterrupt, 0U);
  machine.bus->config_write({0, 1, 0}, pci::kCommand, 2, 0);
  EXPECT_TRUE(machine.pins[1].level);
  machine.bus->reset();
  EXPECT_FALSE(machine.pins[1].level);
}

TEST_F(PciBusTest, MsixCapabilityControlsTheTableAndSilencesTheWire) {
  machine.bus->add(function, {0, 1, 0});
  machine.bus->assign_bars();
  const PciAddress at{0, 1, 0};
  const auto capability =
      static_cast<unsigned>(machine.bus->config_read(at, pci::kCapabilitiesPointer, 1));
  EXPECT_EQ(machine.bus->config_read(at, capability, 2), 0x11U);
  EXPECT_EQ(machine.bus->config_read(at, capability + 2, 2), TestFunction::kVectors - 1);
  EXPECT_EQ(machine.bus->config_read(at, capability + 4, 4), 4U);
  EXPECT_EQ(machine.bus->config_read(at, capability + 8, 4), 0x804U);

  function.set_intx(true);
  EXPECT_FALSE(function.interrupt(0)) << "not enabled: the caller uses the wire";
  // The dword write reaches the control word although it starts at the capability's id.
  machine.bus->config_write(at, capability, 4, 0xc000'0000);
  EXPECT_EQ(machine.bus->config_read(at, capability, 4), 0xc003'0011U);
  EXPECT_FALSE(machine.pins[1].level);
  EXPECT_TRUE(function.interrupt(0));
  const std::uint64_t table = machine.bus->config_read(at, 0x20, 4);
  IoBus::Reader reader(machine.mmio_bus);
  IoBus::Target target;
  machine.mmio_bus.write(reader, table + 0, 4, 0xfee0'0000, target);
  machine.mmio_bus.write(reader, table + 8, 4, 0x33, target);
  machine.mmio_bus.write(reader, table + 12, 4, 0, target);
  EXPECT_EQ(machine.msi.count(), 0U) << "the function mask still holds it";
  machine.bus->config_write(at, capability + 3, 1, 0x80);
  ASSERT_EQ(machine.msi.sent().size(), 1U);
  EXPECT_EQ(machine.msi.sent()[0], (MsiMessage{0xfee0'0000, 0x33, 0x08}));
  machine.bus->reset();
  EXPECT_FALSE(function.interrupt(0));
  EXPECT_EQ(machine.mmio(table + 8), 0U);
  EXPECT_EQ(machine.mmio(table + 12), 1U) << "masked, as after power-on";
}

// A machine without local APICs: the capability is not there, and the wire is used.
TEST_F(PciBusTest, WhereNobodyTakesMessagesNoneAreOffered) {
  machine.msi.set_available(false);
  TestFunction silent(machine.msi, "silent");
  machine.bus->add(silent, {0, 2, 0});
  machine.bus->assign_bars();
  const PciAddress at{0, 2, 0};
  EXPECT_EQ(machine.bus->config_read(at, pci::kCapabilitiesPointer, 1), 0U);
  for (unsigned offset = 0; offset < 256; offset += 4)
    machine.bus->config_write(at, offset, 4, ~0U);
  EXPECT_FALSE(silent.msix()->enabled());
  machine.bus->config_write(at, pci::kCommand, 2, 0);
  silent.set_intx(true);
  EXPECT_FALSE(silent.interrupt(0));
  EXPECT_TRUE(machine.pins[2].level);
  machine.bus->reset();
  silent.set_intx(true);
  EXPECT_TRUE(machine.pins[2].level);
}

TEST_F(PciBusTest, DerivedClassesSeeWritesToTheirArea) {
  machine.bus->add(function, {0, 1, 0});
  using Writes = std::vector<std::pair<unsigned, unsigned>>;
  machine.bus->config_write({0, 1, 0}, 0x3c, 4, 0);
  EXPECT_EQ(function.writes, Writes{});
  machine.bus->config_write({0, 1, 0}, 0x3e, 4, 0);
  machine.bus->config_write({0, 1, 0}, 0x50, 8, 0);
  machine.bus->config_write({0, 1, 0}, 0xfe, 4, 0);
  EXPECT_EQ(function.writes, (Writes{{0x3e, 4}, {0x50, 4}, {0x54, 4}, {0xfe, 2}}));
}

}  // namespace
}  // namespace skiff::pci_test
