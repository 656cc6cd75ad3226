// What is the MMIO layout's alone.
#include "virtio/transport/mmio_transport.h"

#include <gtest/gtest.h>

#include "tests/unit/virtio/transport/transport_fixture.h"

namespace skiff::transport_test {
namespace {

using namespace virtio_mmio;

class Mmio : public ::testing::Test {
 protected:
  std::uint64_t read(std::uint64_t offset, std::uint8_t width = 4) {
    return read_register(*driver.transport, offset, width);
  }
  IoStatus write(std::uint64_t offset, std::uint64_t value, std::uint8_t width = 4) {
    return write_register(*driver.transport, offset, value, width);
  }

  MmioDriver driver;
};

TEST_F(Mmio, Identity) {
  EXPECT_EQ(read(0x000), 0x7472'6976U);
  EXPECT_EQ(read(0x004), 2U);
  EXPECT_EQ(read(0x008), 2U);  // the fake is a block device
  EXPECT_EQ(read(0x00c), kVendor);
  EXPECT_EQ(driver.transport->name(), "fake0");
}

TEST_F(Mmio, QueueNumMaxIsThatOfTheSelectedQueue) {
  write(kQueueSel, 0);
  EXPECT_EQ(read(kQueueNumMax), 16U);
  write(kQueueSel, 1);
  EXPECT_EQ(read(kQueueNumMax), 8U);
  for (const std::uint64_t queue : {2ULL, 0x1'0000ULL, 0x1'0001ULL, 0xffff'ffffULL}) {
    write(kQueueSel, queue);
    EXPECT_EQ(read(kQueueNumMax), 0U) << queue;
    EXPECT_EQ(read(kQueueReady), 0U) << queue;
  }
}

TEST_F(Mmio, QueueNumIsNotCutToSixteenBits) {
  driver.negotiate();
  write(kQueueSel, 0);
  write(kQueueNum, 0x1'0004);
  EXPECT_EQ(driver.transport->faults(), 1U);
}

TEST_F(Mmio, StatusIsNotCutToEightBits) {
  EXPECT_EQ(write(kStatus, 0x101), IoStatus::ok);
  EXPECT_EQ(read(kStatus), 0U);
  driver.start();
  EXPECT_EQ(write(kStatus, 0x100), IoStatus::ok);
  EXPECT_EQ(read(kStatus), kRunning) << "no reset either";
}

TEST_F(Mmio, RegistersTakeFourBytesOnly) {
  std::uint64_t value = 0x55;
  for (const std::uint8_t width : std::to_array<std::uint8_t>({1, 2, 8})) {
    EXPECT_EQ(driver.transport->read({kMagicValue, width}, value), IoStatus::bad_width);
    EXPECT_EQ(write(kStatus, kAcknowledge, width), IoStatus::bad_width);
  }
  EXPECT_EQ(driver.transport->read({2, 4}, value), IoStatus::bad_width);
  EXPECT_EQ(value, 0x55U);
  EXPECT_EQ(read(kStatus), 0U);
}

TEST_F(Mmio, ReadOnlyAndWriteOnlyRegistersAndHoles) {
  std::uint64_t value = 0x55;
  for (const std::uint16_t offset :
       {kDriverFeatures, kQueueSel, kQueueNum, kQueueNotify, kInterruptAck, kQueueDescLow}) {
    EXPECT_EQ(driver.transport->read({offset, 4}, value), IoStatus::no_such_register) << offset;
  }
  for (const std::uint16_t offset : {kMagicValue, kQueueNumMax, kInterruptStatus, kShmLenLow}) {
    EXPECT_EQ(write(offset, 0), IoStatus::no_such_register) << offset;
  }
  for (const std::uint64_t offset : {0x018ULL, 0x040ULL, 0x0c0ULL, 0x0f8ULL}) {
    EXPECT_EQ(driver.transport->read({offset, 4}, value), IoStatus::no_such_register) << offset;
    EXPECT_EQ(write(offset, 0), IoStatus::no_such_register) << offset;
  }
  EXPECT_EQ(value, 0x55U);
  EXPECT_EQ(driver.transport->faults(), 18U);
}

TEST_F(Mmio, ThereIsNoSharedMemory) {
  EXPECT_EQ(write(kShmSel, 0), IoStatus::ok);
  for (const std::uint16_t offset : {kShmLenLow, kShmLenHigh, kShmBaseLow, kShmBaseHigh})
    EXPECT_EQ(read(offset), 0xffff'ffffU);
}

TEST_F(Mmio, ConfigurationSpaceTakesEveryWidth) {
  EXPECT_EQ(read(0x100, 1), 0xa0U);
  EXPECT_EQ(read(0x101, 2), 0xa2a1U);
  EXPECT_EQ(read(0x104, 4), 0xa7a6'a5a4U);
  EXPECT_EQ(read(0x108, 8), 0xafae'adac'abaa'a9a8U);
  EXPECT_EQ(read(0x116, 4), 0x0000'b7b6U) << "past the device's end: zero";
  EXPECT_EQ(read(0x1ff, 1), 0U);
  EXPECT_EQ(write(0x102, 0x1234, 2), IoStatus::ok);
  EXPECT_EQ(read(0x100, 4), 0x1234'a1a0U);
  std::uint64_t value = 0;
  EXPECT_EQ(driver.transport->read({0x1ff, 2}, value), IoStatus::bad_width);
  EXPECT_EQ(driver.transport->read({0x200, 1}, value), IoStatus::bad_width);
  EXPECT_EQ(driver.transport->read({0x100, 3}, value), IoStatus::bad_width);
  EXPECT_EQ(driver.transport->write({~0ULL, 8}, 0), IoStatus::bad_width);
}

TEST_F(Mmio, InterruptAckClearsWhatItNames) {
  driver.start();
  driver.device.interrupts()->signal_queue(0);
  driver.device.interrupts()->signal_queue(0);
  driver.device.interrupts()->signal_config();
  EXPECT_EQ(driver.irq.edges, 1);
  EXPECT_EQ(read(kInterruptStatus), 3U);
  EXPECT_EQ(read(kInterruptStatus), 3U) << "reading does not clear";
  write(kInterruptAck, kIsrQueue);
  EXPECT_EQ(read(kInterruptStatus), 2U);
  EXPECT_TRUE(driver.irq.level);
  write(kInterruptAck, 0xffff'fffe);
  EXPECT_EQ(read(kInterruptStatus), 0U);
  EXPECT_FALSE(driver.irq.level);
}

TEST_F(Mmio, DoorbellsAreAtQueueNotifyByValue) {
  driver.start();
  const auto addresses = driver.doorbells.addresses();
  ASSERT_EQ(addresses.size(), 1U);
  EXPECT_EQ(addresses[0].space, IoSpace::mmio);
  EXPECT_EQ(addresses[0].address, MmioAccess::kBase + 0x50);
  EXPECT_EQ(addresses[0].width, 4);
  EXPECT_EQ(addresses[0].value, std::optional<std::uint64_t>(0));
}

TEST_F(Mmio, WorksWithoutInterruptAndDoorbells) {
  FakeVirtioDevice device;
  MmioTransport transport(device, *driver.memory, {}, 0, nullptr, nullptr);
  for (const std::uint64_t status : {1U, 3U})
    write_register(transport, kStatus, status, 4);
  write_register(transport, kDriverFeaturesSel, 1, 4);
  write_register(transport, kDriverFeatures, 1, 4);
  for (const std::uint64_t status : {11U, 15U})
    write_register(transport, kStatus, status, 4);
  EXPECT_TRUE(device.active());
  device.interrupts()->signal_config();
  EXPECT_EQ(read_register(transport, kInterruptStatus, 4), 2U);
}

TEST_F(Mmio, RegistersHaveTheSpecificationsNames) {
  EXPECT_EQ(driver.transport->register_name(0x50, true), "QueueNotify");
  EXPECT_EQ(driver.transport->register_name(0x52, true), "QueueNotify");
  EXPECT_EQ(driver.transport->register_name(0xfc, false), "ConfigGeneration");
  EXPECT_EQ(driver.transport->register_name(0x140, false), "configuration space");
  EXPECT_EQ(driver.transport->register_name(0x0c0, false), "");
}

}  // namespace
}  // namespace skiff::transport_test
