// The default string loops of IoDevice.
#include "vmm/io/io_device.h"

#include <gtest/gtest.h>

#include <array>
#include <cstring>

#include "tests/fakes/fake_io_device.h"

namespace skiff {
namespace {

class StringTest : public testing::TestWithParam<std::uint8_t> {
 protected:
  static constexpr std::size_t kElements = 5;

  std::uint64_t element(std::size_t index) const {
    std::uint64_t value = 0;
    std::memcpy(&value, data_.data() + index * GetParam(), GetParam());
    return value;
  }
  std::span<std::byte> data() { return std::span(data_).first(kElements * GetParam()); }

  std::array<std::byte, kElements * 4> data_{};
  FakeIoDevice device_{"fake"};
};

INSTANTIATE_TEST_SUITE_P(Widths, StringTest, testing::Values(1, 2, 4));

TEST_P(StringTest, ReadGivesEachElementInOrder) {
  device_.next_value = 0x10;
  device_.step = 1;
  std::size_t done = 0;
  EXPECT_EQ(device_.read_string({8, GetParam()}, data(), done), IoStatus::ok);
  EXPECT_EQ(done, kElements);
  for (std::size_t i = 0; i < kElements; ++i) {
    EXPECT_EQ(element(i), 0x10 + i);
    EXPECT_EQ(device_.seen[i], (FakeIoDevice::Seen{false, 8, GetParam(), 0}));
  }
}

TEST_P(StringTest, ReadGoesOnWhereBusyStoppedIt) {
  device_.next_value = 0x10;
  device_.step = 1;
  device_.ok_before_busy = 2;
  std::size_t done = 0;
  EXPECT_EQ(device_.read_string({8, GetParam()}, data(), done), IoStatus::busy);
  EXPECT_EQ(done, 2U);
  EXPECT_EQ(element(2), 0U) << "an element that was not read was written";
  EXPECT_EQ(device_.read_string({8, GetParam()}, data(), done), IoStatus::ok);
  EXPECT_EQ(done, kElements);
  for (std::size_t i = 0; i < kElements; ++i)
    EXPECT_EQ(element(i), 0x10 + i);
  EXPECT_EQ(device_.seen.size(), kElements);
}

TEST_P(StringTest, WriteGoesOnWhereBusyStoppedIt) {
  for (std::size_t i = 0; i < kElements; ++i)
    data_[i * GetParam()] = static_cast<std::byte>(0x40 + i);
  device_.ok_before_busy = 3;
  std::size_t done = 0;
  EXPECT_EQ(device_.write_string({0, GetParam()}, data(), done), IoStatus::busy);
  EXPECT_EQ(done, 3U);
  EXPECT_EQ(device_.write_string({0, GetParam()}, data(), done), IoStatus::ok);
  EXPECT_EQ(done, kElements);
  ASSERT_EQ(device_.seen.size(), kElements);
  for (std::size_t i = 0; i < kElements; ++i) {
    EXPECT_EQ(device_.seen[i], (FakeIoDevice::Seen{true, 0, GetParam(), 0x40 + i}));
  }
}

TEST_P(StringTest, BusyAtTheVeryFirstElement) {
  device_.ok_before_busy = 0;
  std::size_t done = 0;
  EXPECT_EQ(device_.write_string({0, GetParam()}, data(), done), IoStatus::busy);
  EXPECT_EQ(done, 0U);
  EXPECT_TRUE(device_.seen.empty());
}

TEST_P(StringTest, ElementsTheDeviceRefusesReadAsAllOnesAndAreFinished) {
  device_.status = IoStatus::bad_width;
  device_.write_value_anyway = true;
  std::size_t done = 0;
  EXPECT_EQ(device_.read_string({0, GetParam()}, data(), done), IoStatus::ok);
  EXPECT_EQ(done, kElements);
  for (const std::byte byte : data())
    EXPECT_EQ(byte, std::byte{0xff});
  done = 0;
  EXPECT_EQ(device_.write_string({0, GetParam()}, data(), done), IoStatus::ok);
  EXPECT_EQ(done, kElements);
}

TEST(IoDevice, RegisterNameIsEmptyByDefault) {
  const FakeIoDevice device("fake");
  EXPECT_EQ(device.register_name(0, true), "");
}

}  // namespace
}  // namespace skiff
