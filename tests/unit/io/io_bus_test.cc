#include "vmm/io/io_bus.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "tests/fakes/fake_io_device.h"

namespace skiff {
namespace {

using Seen = FakeIoDevice::Seen;
using testing::ElementsAre;

class IoBusTest : public testing::Test {
 protected:
  IoStatus read(std::uint64_t address, std::uint8_t width = 1) {
    return bus_.read(reader_, address, width, value_, target_);
  }
  IoStatus write(std::uint64_t address, std::uint64_t value, std::uint8_t width = 1) {
    return bus_.write(reader_, address, width, value, target_);
  }

  FakeIoDevice a_{"a"};
  FakeIoDevice b_{"b"};
  IoBus bus_{"port", {0, 0x1'0000}};
  IoBus::Reader reader_{bus_};
  std::uint64_t value_ = 0x1234;
  IoBus::Target target_;
};

TEST_F(IoBusTest, AccessReachesTheDeviceThatLivesThere) {
  ASSERT_TRUE(bus_.add({0x3f8, 8}, a_));
  ASSERT_TRUE(bus_.add({0x2f8, 8}, b_));
  a_.next_value = 0x60;
  EXPECT_EQ(read(0x3fd), IoStatus::ok);
  EXPECT_EQ(value_, 0x60U);
  EXPECT_EQ(target_.device, &a_);
  EXPECT_EQ(target_.offset, 5U);
  EXPECT_EQ(write(0x2f8, 0x41), IoStatus::ok);
  EXPECT_EQ(target_.device, &b_);
  EXPECT_THAT(a_.seen, ElementsAre(Seen{false, 5, 1, 0}));
  EXPECT_THAT(b_.seen, ElementsAre(Seen{true, 0, 1, 0x41}));
}

TEST_F(IoBusTest, OffsetBaseMovesWhatTheDeviceSees) {
  ASSERT_TRUE(bus_.add({0x100, 4}, a_, 0x20));
  ASSERT_TRUE(bus_.add({0x200, 4}, a_, 0x80));
  write(0x103, 1);
  write(0x200, 2);
  EXPECT_THAT(a_.seen, ElementsAre(Seen{true, 0x23, 1, 1}, Seen{true, 0x80, 1, 2}));
}

TEST_F(IoBusTest, NobodyThereReadsAllOnesOfTheWidth) {
  ASSERT_TRUE(bus_.add({0x100, 4}, a_));
  for (const std::uint64_t address : {0x0U, 0xffU, 0x104U, 0xffffU}) {
    EXPECT_EQ(read(address, 2), IoStatus::no_such_register) << address;
    EXPECT_EQ(value_, 0xffffU);
    EXPECT_EQ(target_.device, nullptr);
    EXPECT_EQ(write(address, 1), IoStatus::no_such_register);
  }
  EXPECT_EQ(read(~0ULL, 8), IoStatus::no_such_register);
  EXPECT_EQ(value_, ~0ULL);
  EXPECT_TRUE(a_.seen.empty());
}

TEST_F(IoBusTest, AccessThatCrossesTheEndOfADeviceIsABadWidth) {
  ASSERT_TRUE(bus_.add({0x100, 4}, a_));
  ASSERT_TRUE(bus_.add({0x104, 4}, b_));
  EXPECT_EQ(read(0x102, 4), IoStatus::bad_width);
  EXPECT_EQ(value_, 0xffff'ffffU);
  EXPECT_EQ(target_.device, &a_) << "the ledger is to know whose end was crossed";
  EXPECT_EQ(write(0x103, 0, 2), IoStatus::bad_width);
  EXPECT_EQ(read(0x100, 4), IoStatus::ok);
  EXPECT_EQ(read(0x102, 2), IoStatus::ok);
  // From the hole in front into a device: the first byte has no owner.
  EXPECT_EQ(read(0xfe, 4), IoStatus::no_such_register);
  EXPECT_EQ(a_.seen.size(), 2U);
  EXPECT_TRUE(b_.seen.empty());
}

TEST_F(IoBusTest, DeviceAtTheVeryEndOfA64BitSpace) {
  IoBus mmio("MMIO", {0, ~0ULL});
  IoBus::Reader reader(mmio);
  ASSERT_TRUE(mmio.add({~0ULL - 16, 16}, a_));
  EXPECT_EQ(mmio.read(reader, ~0ULL - 8, 8, value_, target_), IoStatus::ok);
  EXPECT_EQ(mmio.read(reader, ~0ULL - 7, 8, value_, target_), IoStatus::bad_width);
  EXPECT_EQ(mmio.read(reader, ~0ULL, 1, value_, target_), IoStatus::no_such_register);
}

TEST_F(IoBusTest, RefusalOfTheDeviceReadsAllOnesEvenIfItTouchedTheValue) {
  ASSERT_TRUE(bus_.add({0x100, 4}, a_));
  a_.write_value_anyway = true;
  a_.next_value = 0x77;
  for (const IoStatus status :
       {IoStatus::no_such_register, IoStatus::bad_width, IoStatus::misaligned}) {
    a_.status = status;
    EXPECT_EQ(read(0x100, 2), status);
    EXPECT_EQ(value_, 0xffffU);
    EXPECT_EQ(target_.device, &a_);
  }
}

TEST_F(IoBusTest, BusyIsPassedThroughAndTheSameAccessWorksAgain) {
  ASSERT_TRUE(bus_.add({0x100, 4}, a_));
  a_.ok_before_busy = 0;
  EXPECT_EQ(write(0x100, 9), IoStatus::busy);
  EXPECT_TRUE(a_.seen.empty());
  EXPECT_EQ(write(0x100, 9), IoStatus::ok);
  EXPECT_THAT(a_.seen, ElementsAre(Seen{true, 0, 1, 9}));
}

TEST_F(IoBusTest, StringsOfNobodyReadAllOnesAndAreDone) {
  std::array<std::byte, 6> data{};
  std::size_t done = 0;
  EXPECT_EQ(bus_.read_string(reader_, 0x80, 2, data, done, target_), IoStatus::no_such_register);
  EXPECT_EQ(done, 3U);
  for (const std::byte byte : data)
    EXPECT_EQ(byte, std::byte{0xff});
  done = 0;
  EXPECT_EQ(bus_.write_string(reader_, 0x80, 2, data, done, target_), IoStatus::no_such_register);
  EXPECT_EQ(done, 3U);
}

TEST_F(IoBusTest, StringOfADeviceRemovedWhileItWasBusyKeepsWhatWasRead) {
  ASSERT_TRUE(bus_.add({0x100, 4}, a_));
  a_.next_value = 0x11;
  a_.ok_before_busy = 2;
  std::array<std::byte, 4> data{};
  std::size_t done = 0;
  EXPECT_EQ(bus_.read_string(reader_, 0x100, 1, data, done, target_), IoStatus::busy);
  EXPECT_EQ(done, 2U);
  ASSERT_TRUE(bus_.remove(0x100, a_));
  EXPECT_EQ(bus_.read_string(reader_, 0x100, 1, data, done, target_), IoStatus::no_such_register);
  EXPECT_EQ(done, 4U);
  EXPECT_THAT(data,
              ElementsAre(std::byte{0x11}, std::byte{0x11}, std::byte{0xff}, std::byte{0xff}));
}

TEST_F(IoBusTest, StringThatCrossesTheEndNeverReachesTheDevice) {
  ASSERT_TRUE(bus_.add({0x100, 1}, a_));
  std::array<std::byte, 4> data{};
  std::size_t done = 0;
  EXPECT_EQ(bus_.write_string(reader_, 0x100, 2, data, done, target_), IoStatus::bad_width);
  EXPECT_EQ(done, 2U);
  EXPECT_TRUE(a_.seen.empty());
}

TEST_F(IoBusTest, OverlapIsRefusedInWordsThatNameBoth) {
  ASSERT_TRUE(bus_.add({0x3f8, 8}, a_));
  for (const Range range :
       {Range{0x3f8, 8}, Range{0x3ff, 1}, Range{0x3f0, 9}, Range{0x3f0, 0x100}, Range{0x3fa, 2}}) {
    const auto added = bus_.add(range, b_);
    ASSERT_FALSE(added.has_value()) << range.start;
    EXPECT_THAT(added.error(), testing::HasSubstr("is already taken by a (0x3f8-0x3ff)"));
    EXPECT_THAT(added.error(), testing::StartsWith("b: port range 0x"));
  }
  EXPECT_TRUE(bus_.add({0x3f0, 8}, b_));
  EXPECT_TRUE(bus_.add({0x400, 8}, b_));
}

TEST_F(IoBusTest, RangeOutsideTheSpaceIsRefusedInWords) {
  for (const Range range : {Range{0xffff, 2}, Range{0x1'0000, 1}, Range{0, 0x1'0001},
                            Range{0x100, 0}, Range{~0ULL, 2}, Range{0x10, ~0ULL}}) {
    const auto added = bus_.add(range, a_);
    ASSERT_FALSE(added.has_value()) << range.start << "+" << range.size;
    EXPECT_THAT(added.error(), testing::HasSubstr("is outside the address space"));
  }
  EXPECT_TRUE(bus_.add({0xffff, 1}, a_));
  EXPECT_TRUE(bus_.add({0, 1}, a_));
}

TEST_F(IoBusTest, RemoveTakesTheEntryOfThatDeviceAtThatStartOnly) {
  ASSERT_TRUE(bus_.add({0x100, 4}, a_));
  ASSERT_TRUE(bus_.add({0x200, 4}, a_));
  EXPECT_FALSE(bus_.remove(0x100, b_));
  EXPECT_FALSE(bus_.remove(0x101, a_));
  EXPECT_TRUE(bus_.remove(0x100, a_));
  EXPECT_FALSE(bus_.remove(0x100, a_));
  EXPECT_EQ(read(0x100), IoStatus::no_such_register);
  EXPECT_EQ(read(0x200), IoStatus::ok);
}

TEST_F(IoBusTest, SnapshotIsSortedWhateverTheOrderOfAdding) {
  ASSERT_TRUE(bus_.add({0x300, 4}, a_));
  ASSERT_TRUE(bus_.add({0x100, 4}, b_));
  ASSERT_TRUE(bus_.add({0x200, 4}, a_));
  const auto table = bus_.snapshot();
  ASSERT_EQ(table.size(), 3U);
  EXPECT_EQ(table[0].range.start, 0x100U);
  EXPECT_EQ(table[1].range.start, 0x200U);
  EXPECT_EQ(table[2].range.start, 0x300U);
  EXPECT_EQ(bus_.name(), "port");
}

}  // namespace
}  // namespace skiff
