// What is the PCI layout's alone: identity, capabilities, exact widths, vectors, moving BARs.
#include "virtio/transport/pci_transport.h"

#include <gtest/gtest.h>

#include <map>
#include <utility>

#include "tests/unit/virtio/transport/transport_fixture.h"

namespace skiff::transport_test {
namespace {

using namespace virtio_pci;
using Reg = TransportRegister;

class Pci : public ::testing::Test {
 protected:
  std::uint64_t config(unsigned offset, unsigned width = 4) {
    return driver.transport->config_read(offset, width);
  }
  void set_config(unsigned offset, std::uint64_t value, unsigned width = 4) {
    driver.transport->config_write(offset, width, value);
  }
  // Vendor capabilities by their type.
  std::map<unsigned, unsigned> capabilities() {
    std::map<unsigned, unsigned> found;
    for (unsigned at = static_cast<unsigned>(config(0x34, 1)); at != 0;
         at = static_cast<unsigned>(config(at + 1, 1))) {
      if (config(at, 1) == pci::kCapabilityVendor)
        found[static_cast<unsigned>(config(at + 3, 1))] = at;
    }
    return found;
  }
  std::uint64_t msix_bar() { return config(0x14) & ~0xfULL; }
  IoStatus write_msix(std::uint64_t offset, std::uint64_t value) {
    IoBus::Reader reader(driver.machine.mmio_bus);
    IoBus::Target target;
    return driver.machine.mmio_bus.write(reader, msix_bar() + offset, 4, value, target);
  }
  // MSI-X on, every vector with data 0x40 + its number, unmasked.
  void enable_msix() {
    for (unsigned vector = 0; vector < 3; ++vector) {
      write_msix(vector * 16ULL, 0xfee0'0000);
      write_msix(vector * 16ULL + 8, 0x40 + vector);
      write_msix(vector * 16ULL + 12, 0);
    }
    set_config(msix_capability() + 2, 0x8000, 2);
  }
  unsigned msix_capability() {
    for (unsigned at = static_cast<unsigned>(config(0x34, 1)); at != 0;
         at = static_cast<unsigned>(config(at + 1, 1))) {
      if (config(at, 1) == pci::kCapabilityMsix) return at;
    }
    return 0;
  }
  std::vector<std::uint32_t> sent() {
    std::vector<std::uint32_t> data;
    for (const MsiMessage& message : driver.machine.msi.sent())
      data.push_back(message.data);
    driver.machine.msi.clear();
    return data;
  }

  PciDriver driver;
};

TEST_F(Pci, Identity) {
  EXPECT_EQ(config(0x00), 0x1042'1af4U);
  EXPECT_EQ(config(0x08), 0x0100'0001U);
  EXPECT_EQ(config(0x2c), 0x1042'1af4U);
  EXPECT_EQ(config(0x3d, 1), 1U);
}

TEST_F(Pci, ClassCodesByDeviceType) {
  for (const auto& [id, code] : {std::pair{1U, 0x020000U}, std::pair{2U, 0x010000U},
                                 std::pair{3U, 0x078000U}, std::pair{4U, 0x00ff00U}}) {
    FakeVirtioDevice device({4}, id);
    FakeMsiSink msi;
    PciTransport transport(device, *driver.memory, {}, msi, nullptr);
    EXPECT_EQ(transport.config_read(0x08, 4) >> 8, code) << id;
    EXPECT_EQ(transport.config_read(0x02, 2), 0x1040 + id);
  }
}

TEST_F(Pci, CapabilitiesSayWhereEverythingIs) {
  const auto at = capabilities();
  ASSERT_EQ(at.size(), 5U);
  struct Expected {
    unsigned type, size;
    std::uint64_t offset, length;
  };
  for (const Expected& expected :
       {Expected{1, 16, 0x0000, 0x38}, Expected{2, 20, 0x3000, 8}, Expected{3, 16, 0x1000, 1},
        Expected{4, 16, 0x2000, 0x1000}, Expected{5, 20, 0, 0}}) {
    const unsigned capability = at.at(expected.type);
    EXPECT_EQ(config(capability + 2, 1), expected.size);
    EXPECT_EQ(config(capability + 4, 1), 0U);
    EXPECT_EQ(config(capability + 8), expected.offset);
    EXPECT_EQ(config(capability + 12), expected.length);
  }
  EXPECT_EQ(config(at.at(2) + 16), 4U) << "notify_off_multiplier";
}

TEST_F(Pci, OnlyTheWindowsCapabilityIsWritable) {
  for (const auto& [type, capability] : capabilities()) {
    for (unsigned offset = 0; offset < (type == 5 ? 4U : 16U); ++offset) {
      const std::uint64_t before = config(capability + offset, 1);
      set_config(capability + offset, before ^ 0xff, 1);
      EXPECT_EQ(config(capability + offset, 1), before) << type << "+" << offset;
    }
  }
}

TEST_F(Pci, CommonFieldsHaveTheirWidths) {
  EXPECT_EQ(driver.read(kNumQueues, 2), 2U);
  std::uint64_t value = 0;
  const struct {
    std::uint16_t offset;
    std::uint8_t width;
  } wrong[] = {{kNumQueues, 1},     {kNumQueues, 4},        {kDeviceStatus, 2}, {kDeviceFeature, 2},
               {kQueueDesc, 2},     {kQueueDesc + 2, 4},    {kQueueSelect, 4},  {kDeviceFeature, 8},
               {kQueueDesc + 4, 8}, {kConfigGeneration, 4}, {kNumQueues + 1, 1}};
  for (const auto& [offset, width] : wrong) {
    EXPECT_EQ(driver.transport->bar(0)->device->read({offset, width}, value), IoStatus::bad_width)
        << offset << "/" << unsigned{width};
    EXPECT_EQ(driver.write_to_bus(offset, 0, width), IoStatus::bad_width);
  }
  EXPECT_EQ(driver.transport->faults(), 22U);
}

TEST_F(Pci, AddressesAreWrittenWholeOrInHalves) {
  driver.negotiate();
  driver.select(1);
  driver.write(kQueueDesc, 0x1122'3344'5566'7788, 8);
  EXPECT_EQ(driver.read(kQueueDesc, 4), 0x5566'7788U);
  EXPECT_EQ(driver.read(kQueueDesc + 4, 4), 0x1122'3344U);
  driver.write(kQueueDesc + 4, 0xaaaa'bbbb, 4);
  EXPECT_EQ(driver.read(kQueueDesc, 8), 0xaaaa'bbbb'5566'7788U);
  driver.write(kQueueDesc, 0xcccc'dddd, 4);
  EXPECT_EQ(driver.read(kQueueDesc, 8), 0xaaaa'bbbb'cccc'ddddU);
}

TEST_F(Pci, QueueFieldsOfTheSelectedQueue) {
  driver.negotiate();
  for (const auto& [queue, size] : {std::pair{0U, 16U}, std::pair{1U, 8U}}) {
    driver.select(queue);
    EXPECT_EQ(driver.read(kQueueSize, 2), size);
    EXPECT_EQ(driver.read(kQueueNotifyOff, 2), queue);
    EXPECT_EQ(driver.read(kQueueMsixVector, 2), kNoVector);
  }
  driver.select(2);
  EXPECT_EQ(driver.read(kQueueSize, 2), 0U);
  EXPECT_EQ(driver.read(kQueueNotifyOff, 2), 0U);
  EXPECT_EQ(driver.read(kQueueMsixVector, 2), kNoVector);
  driver.write(kQueueMsixVector, 1, 2);
  EXPECT_EQ(driver.read(kQueueMsixVector, 2), kNoVector);
  driver.select(0);
  driver.write(kQueueSize, 4, 2);
  EXPECT_EQ(driver.read(kQueueSize, 2), 4U);
}

TEST_F(Pci, AVectorThatIsNotThereReadsBackAsNone) {
  driver.write(kConfigMsixVector, 2, 2);
  EXPECT_EQ(driver.read(kConfigMsixVector, 2), 2U);
  driver.write(kConfigMsixVector, 3, 2);  // vectors 0 to 2: configuration and two queues
  EXPECT_EQ(driver.read(kConfigMsixVector, 2), kNoVector);
  driver.select(1);
  driver.write(kQueueMsixVector, 0, 2);
  EXPECT_EQ(driver.read(kQueueMsixVector, 2), 0U);
  driver.write(kQueueMsixVector, 0x7fff, 2);
  EXPECT_EQ(driver.read(kQueueMsixVector, 2), kNoVector);
}

TEST_F(Pci, InterruptsByMsixGoToTheirVectors) {
  driver.start();
  enable_msix();
  driver.write(kConfigMsixVector, 2, 2);
  driver.select(0);
  driver.write(kQueueMsixVector, 1, 2);
  EXPECT_TRUE(driver.echo_works());
  EXPECT_EQ(sent(), std::vector<std::uint32_t>{0x41});
  driver.device.interrupts()->signal_config();
  EXPECT_EQ(sent(), std::vector<std::uint32_t>{0x42});
  EXPECT_FALSE(driver.wire());
  EXPECT_EQ(driver.read(kIsr, 1), kIsrConfig) << "the queue bit is INTx's alone";
}

TEST_F(Pci, AMaskedVectorWaitsInItsPendingBit) {
  driver.start();
  enable_msix();
  driver.select(0);
  driver.write(kQueueMsixVector, 1, 2);
  write_msix(16 + 12, 1);
  EXPECT_TRUE(driver.echo_works());
  EXPECT_TRUE(sent().empty());
  write_msix(16 + 12, 0);
  EXPECT_EQ(sent(), std::vector<std::uint32_t>{0x41});
}

TEST_F(Pci, WithMsixAndNoVectorNothingIsSent) {
  driver.start();
  enable_msix();
  EXPECT_TRUE(driver.echo_works());
  driver.device.interrupts()->signal_config();
  driver.device.interrupts()->signal_queue(77);
  EXPECT_TRUE(sent().empty());
  EXPECT_FALSE(driver.wire());
  EXPECT_EQ(driver.read(kIsr, 1), kIsrConfig) << "the queue bit is INTx's alone";
}

TEST_F(Pci, ADeviceResetTakesTheVectorsAway) {
  driver.start();
  driver.write(kConfigMsixVector, 1, 2);
  driver.select(0);
  driver.write(kQueueMsixVector, 1, 2);
  driver.set_status(0);
  EXPECT_EQ(driver.read(kConfigMsixVector, 2), kNoVector);
  EXPECT_EQ(driver.read(kQueueMsixVector, 2), kNoVector);
}

TEST_F(Pci, IsrTakesOneByteReadsOnly) {
  driver.start();
  driver.device.interrupts()->signal_config();
  std::uint64_t value = 0;
  IoDevice* const bar = driver.transport->bar(0)->device;
  EXPECT_EQ(bar->read({kIsr, 4}, value), IoStatus::bad_width);
  EXPECT_EQ(bar->read({kIsr + 1, 1}, value), IoStatus::no_such_register);
  EXPECT_EQ(bar->write({kIsr, 1}, 0), IoStatus::no_such_register);
  EXPECT_TRUE(driver.wire()) << "none of these cleared it";
  EXPECT_EQ(driver.read(kIsr, 1), kIsrConfig);
  EXPECT_FALSE(driver.wire());
}

TEST_F(Pci, NotificationsByAddress) {
  driver.start();
  IoDevice* const bar = driver.transport->bar(0)->device;
  EXPECT_EQ(bar->write({kNotify, 2}, 0), IoStatus::ok);
  EXPECT_EQ(bar->write({kNotify, 4}, 0x1234'0000), IoStatus::ok);
  EXPECT_EQ(bar->write({kNotify, 1}, 0), IoStatus::bad_width);
  EXPECT_EQ(bar->write({kNotify + 2, 2}, 0), IoStatus::misaligned);
  EXPECT_EQ(bar->write({kNotify + 8, 2}, 2), IoStatus::no_such_register);
  std::uint64_t value = 0;
  EXPECT_EQ(bar->read({kNotify, 2}, value), IoStatus::no_such_register);
  EXPECT_EQ(driver.device.take_kicked(), std::vector<std::uint16_t>{0});
}

TEST_F(Pci, DoorbellsMoveWithTheBar) {
  driver.start();
  const std::uint64_t before = driver.base();
  ASSERT_EQ(driver.doorbells.addresses().at(0).address, before + 0x3000);
  EXPECT_EQ(driver.doorbells.addresses().at(0).width, 0);
  EXPECT_FALSE(driver.doorbells.addresses().at(0).value);
  set_config(0x10, 0xe800'0000);
  EXPECT_FALSE(driver.doorbells.ring(before + 0x3000, 2, 0));
  EXPECT_EQ(driver.doorbells.addresses().at(0).address, 0xe800'3000U);
  EXPECT_TRUE(driver.echo_works());
  set_config(0x04, 0, 2);  // decoding off
  EXPECT_EQ(driver.doorbells.count(), 0U);
  set_config(0x04, 2, 2);
  EXPECT_EQ(driver.doorbells.count(), 1U);
  EXPECT_TRUE(driver.echo_works());
  driver.set_status(0);
  set_config(0x10, 0xe900'0000);
  EXPECT_EQ(driver.doorbells.count(), 0U) << "only while active";
}

TEST_F(Pci, MovingTheOtherBarLeavesTheDoorbells) {
  driver.start();
  const int attached = driver.doorbells.attaches();
  set_config(0x14, 0xe900'0000);
  EXPECT_EQ(driver.doorbells.attaches(), attached);
}

TEST_F(Pci, ABusResetResetsTheDevice) {
  driver.start();
  driver.device.interrupts()->signal_config();
  driver.machine.bus->reset();
  EXPECT_FALSE(driver.device.active());
  EXPECT_FALSE(driver.wire());
  EXPECT_EQ(driver.status(), 0);
  driver.start();
  EXPECT_TRUE(driver.echo_works());
  EXPECT_EQ(driver.device.wrong_calls(), 0);
}

// --- The configuration access window (4.1.4.9)
// ----------------------------------------------------

class PciWindow : public Pci {
 protected:
  void point(std::uint64_t bar, std::uint64_t offset, std::uint64_t length) {
    set_config(at_ + 4, bar, 1);
    set_config(at_ + 8, offset);
    set_config(at_ + 12, length);
  }
  std::uint64_t data(unsigned width = 4) { return config(at_ + 16, width); }
  void set_data(std::uint64_t value, unsigned width = 4) { set_config(at_ + 16, value, width); }

  const unsigned at_ = capabilities().at(5);
};

TEST_F(PciWindow, ReadsAndWritesRegisters) {
  point(0, kNumQueues, 2);
  EXPECT_EQ(data(), 2U);
  point(0, kDeviceStatus, 1);
  set_data(0xffff'ff00 | kAcknowledge);
  EXPECT_EQ(driver.status(), kAcknowledge);
  EXPECT_EQ(data(), kAcknowledge);
  point(0, kDevice + 4, 4);
  EXPECT_EQ(data(), 0xa7a6'a5a4U);
  set_data(0x0102'0304);
  EXPECT_EQ(driver.read(kDevice + 4, 4), 0x0102'0304U);
}

TEST_F(PciWindow, ReachesTheMsixTable) {
  point(1, 8, 4);
  set_data(0x1234'5678);
  EXPECT_EQ(driver.machine.mmio(msix_bar() + 8), 0x1234'5678U);
  EXPECT_EQ(data(), 0x1234'5678U);
}

TEST_F(PciWindow, WorksWithDecodingOff) {
  set_config(0x04, 0, 2);
  point(0, kNumQueues, 2);
  EXPECT_EQ(data(), 2U);
}

TEST_F(PciWindow, WhatIsOutOfBoundsDoesNothing) {
  const std::uint64_t faults = driver.transport->faults();
  for (const std::uint64_t bar : {2U, 5U, 6U, 255U}) {
    point(bar, kDeviceStatus, 1);
    set_data(kAcknowledge);
  }
  for (const std::uint64_t length : {0ULL, 3ULL, 8ULL, 0x1'0000ULL, 0xffff'ffffULL}) {
    point(0, kDeviceStatus, length);
    set_data(kAcknowledge);
  }
  for (const std::uint64_t offset : {kBarSize - 1, kBarSize, std::uint64_t{0xffff'fffe}}) {
    point(0, offset, 2);
    set_data(kAcknowledge);
    data();
  }
  EXPECT_EQ(driver.status(), 0);
  EXPECT_EQ(driver.transport->faults(), faults + 12);
}

TEST_F(PciWindow, ADumpOfTheConfigurationSpaceIsNoFaultAndHasNoEffect) {
  driver.start();
  driver.device.interrupts()->signal_config();
  for (unsigned offset = 0; offset < 256; ++offset)
    config(offset, 1);
  EXPECT_EQ(driver.transport->faults(), 0U);
  EXPECT_EQ(driver.read(kIsr, 1), kIsrConfig);
}

TEST_F(PciWindow, AResetThroughItIsOverWhenTheStatusSaysSo) {
  driver.start();
  driver.device.hold_resets(true);
  point(0, kDeviceStatus, 1);
  set_data(0);
  EXPECT_EQ(data(), kRunning);
  driver.device.finish_reset();
  EXPECT_EQ(data(), 0U);
}

}  // namespace
}  // namespace skiff::transport_test
