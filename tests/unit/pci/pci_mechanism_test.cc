// Both ways to configuration space, and the malformed-access table: every offset and width.
#include <gtest/gtest.h>

#include "devices/pci/pci_config_ports.h"
#include "devices/pci/pci_ecam.h"
#include "tests/unit/pci/pci_fixture.h"
#include "vmm/base/bits.h"

namespace skiff::pci_test {
namespace {

class Mechanisms : public testing::Test {
 protected:
  Mechanisms() {
    machine.bus->add(bridge);
    machine.bus->add(function, {0, 3, 0});
    machine.bus->add(last, {0, 31, 7});
    EXPECT_TRUE(machine.port_bus.add(PciConfigPorts::kPorts, ports));
    EXPECT_TRUE(machine.mmio_bus.add({kEcam, 2 * PciEcam::kSizePerBus}, ecam));
  }
  void out(std::uint64_t port, std::uint8_t width, std::uint64_t value) {
    IoBus::Reader reader(machine.port_bus);
    IoBus::Target target;
    machine.port_bus.write(reader, port, width, value, target);
  }
  std::uint64_t in(std::uint64_t port, std::uint8_t width) { return machine.port(port, width); }

  static constexpr std::uint64_t kEcam = 0xb000'0000;
  Machine machine;
  TagDevice reset_control{"reset-control", 0x66};
  PciHostBridge bridge;
  TestFunction function{machine.msi};
  TestFunction last{machine.msi, "test1"};
  PciConfigPorts ports{*machine.bus, &reset_control};
  PciEcam ecam{*machine.bus};
};

TEST_F(Mechanisms, AddressRegisterKeepsWhatLinuxProbesFor) {
  out(0xcfb, 1, 1);
  const std::uint64_t before = in(0xcf8, 4);
  out(0xcf8, 4, 0x8000'0000);
  EXPECT_EQ(in(0xcf8, 4), 0x8000'0000U);
  out(0xcf8, 4, before);
  EXPECT_EQ(in(0xcf8, 4), 0U);
  out(0xcf8, 4, 0xffff'ffff);
  EXPECT_EQ(in(0xcf8, 4), 0x80ff'fffcU) << "reserved bits are zero";
}

TEST_F(Mechanisms, DataPortReachesEveryByte) {
  out(0xcf8, 4, 0x8000'1800);
  EXPECT_EQ(in(0xcfc, 4), 0x1050'1af4U);
  EXPECT_EQ(in(0xcfc, 2), 0x1af4U);
  EXPECT_EQ(in(0xcfe, 2), 0x1050U);
  EXPECT_EQ(in(0xcff, 1), 0x10U);
  out(0xcf8, 4, 0x8000'183c);
  out(0xcfc, 1, 0x0b);
  EXPECT_EQ(in(0xcfc, 4), 0x0000'010bU);
}

TEST_F(Mechanisms, WithoutTheEnableBitNothingAnswers) {
  out(0xcf8, 4, 0x1800);
  EXPECT_EQ(in(0xcfc, 4), 0xffff'ffffU);
  out(0xcf8, 4, 0x183c);
  out(0xcfc, 1, 0x0b);
  EXPECT_EQ(function.config(pci::kInterruptLine, 1), 19U);
}

TEST_F(Mechanisms, ByteAt0xcf9IsTheResetControlRegister) {
  out(0xcf8, 4, 0x8000'1804);
  EXPECT_EQ(in(0xcf9, 1), 0x66U);
  out(0xcf9, 1, 6);
  EXPECT_EQ(reset_control.last_offset, 0U);
  EXPECT_EQ(reset_control.last_value, 6U);
  EXPECT_EQ(in(0xcf8, 4), 0x8000'1804U) << "the address register is untouched";
  EXPECT_EQ(in(0xcf9, 2), 0xffffU) << "only the byte";
}

TEST_F(Mechanisms, ResetControlIsOptional) {
  PciConfigPorts alone(*machine.bus);
  std::uint64_t value = 0;
  EXPECT_EQ(alone.read({1, 1}, value), IoStatus::no_such_register);
  EXPECT_EQ(alone.write({1, 1}, 6), IoStatus::no_such_register);
}

// Every CONFIG_ADDRESS bus and function, every data port offset and width.
TEST_F(Mechanisms, PortsAnswerEveryBusFunctionOffsetAndWidth) {
  for (const std::uint32_t bus : {0U, 1U, 255U}) {
    for (std::uint32_t device_function = 0; device_function < 256; ++device_function) {
      for (std::uint32_t reg = 0; reg < 256; reg += 4) {
        out(0xcf8, 4, 0x8000'0000 | bus << 16 | device_function << 8 | reg);
        PciFunction* const there = machine.bus->function(
            PciAddress::from_id(static_cast<std::uint16_t>(bus << 8 | device_function)));
        const std::uint64_t whole = there != nullptr ? there->config_read(reg, 4) : 0xffff'ffffU;
        for (const std::uint8_t width : std::array<std::uint8_t, 3>{1, 2, 4}) {
          for (std::uint64_t byte = 0; byte < 4; ++byte) {
            const std::uint64_t expected =
                byte + width <= 4 ? whole >> (byte * 8) & all_ones(width) : all_ones(width);
            ASSERT_EQ(in(0xcfc + byte, width), expected)
                << bus << " " << device_function << " " << reg << " " << byte << " " << +width;
          }
        }
      }
    }
  }
}

TEST_F(Mechanisms, PortsRefuseEveryOtherShapeOfAccess) {
  out(0xcf8, 4, 0x8000'1800);
  for (std::uint64_t offset = 0; offset < 16; ++offset) {
    for (const std::uint8_t width : kWidths) {
      std::uint64_t value = 0;
      const bool address = offset == 0 && width == 4;
      const bool reset = offset == 1 && width == 1;
      const bool data = offset >= 4 && offset + width <= 8;
      ASSERT_EQ(ports.read({offset, width}, value) == IoStatus::ok, address || reset || data)
          << offset << " " << +width;
      if (!address) ports.write({offset, width}, ~0ULL);
    }
  }
}

TEST_F(Mechanisms, EcamReachesTheSameRegisters) {
  EXPECT_EQ(machine.mmio(kEcam), 0x0d57'8086U);
  const std::uint64_t at = kEcam + (3ULL << 15);
  EXPECT_EQ(machine.mmio(at, 8), 0x0010'0000'1050'1af4U);
  EXPECT_EQ(machine.mmio(kEcam + (31ULL << 15 | 7ULL << 12), 2), 0x1af4U);
  EXPECT_EQ(machine.mmio(kEcam + MiB), 0xffff'ffffU) << "bus 1 is empty";
  IoBus::Reader reader(machine.mmio_bus);
  IoBus::Target target;
  machine.mmio_bus.write(reader, at + 0x3c, 1, 0x21, target);
  EXPECT_EQ(machine.mmio(at + 0x3c, 1), 0x21U);
}

TEST_F(Mechanisms, EcamAnswersEveryOffsetAndWidthOfAFunction) {
  for (const std::uint64_t base : {3ULL << 15, 31ULL << 15 | 7ULL << 12, 4ULL << 15}) {
    for (std::uint64_t offset = 0; offset < 4096; ++offset) {
      for (const std::uint8_t width : kWidths) {
        std::uint64_t value = 0;
        const bool crosses = offset + width > 4096;
        ASSERT_EQ(ecam.read({base + offset, width}, value),
                  crosses ? IoStatus::bad_width : IoStatus::ok);
        if (!crosses && offset >= 256) {
          ASSERT_EQ(value, all_ones(width)) << offset;
        }
        ASSERT_EQ(ecam.write({base + offset, width}, ~0ULL),
                  crosses ? IoStatus::bad_width : IoStatus::ok);
      }
    }
  }
  std::uint64_t value = 0;
  EXPECT_EQ(ecam.read({256 * MiB, 4}, value), IoStatus::no_such_register);
  EXPECT_EQ(ecam.read({~0ULL, 1}, value), IoStatus::no_such_register);
}

}  // namespace
}  // namespace skiff::pci_test
