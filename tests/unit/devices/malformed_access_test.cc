// Every device, every offset in and after its registers, every width, any value: an answer, and
// never more than the width in it.
#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <set>

#include "tests/fakes/register_access.h"
#include "tests/unit/devices/every_device.h"

namespace skiff {
namespace {

constexpr std::uint8_t kPortWidths[] = {1, 2, 4};
constexpr std::uint8_t kBusWidths[] = {1, 2, 4, 8};
constexpr std::uint8_t kWidths[] = {0, 1, 2, 3, 4, 8, 16, 255};

TEST(MalformedAccess, AnyOffsetWidthAndValue) {
  EveryDevice devices;
  std::mt19937_64 random(1);
  for (IoDevice* device : devices.all) {
    for (std::uint64_t offset = 0; offset < 32; ++offset) {
      for (const std::uint8_t width : kWidths) {
        for (int round = 0; round < 200; ++round) {
          const IoStatus written = device->write({offset, width}, random());
          std::uint64_t value = 0x5a5a'5a5a'5a5a'5a5a;
          const IoStatus read = device->read({offset, width}, value);
          ASSERT_NE(read, IoStatus::busy) << device->name();
          ASSERT_EQ(written, read) << device->name() << " " << offset << " " << int{width};
          if (read == IoStatus::ok) {
            ASSERT_LE(value, all_ones(width)) << device->name();
          } else {
            ASSERT_EQ(value, 0x5a5a'5a5a'5a5a'5a5a)
                << device->name() << ": written although refused";
          }
          if (round % 16 == 0) devices.clock.advance(std::chrono::milliseconds(random() % 3000));
        }
      }
    }
  }
}

TEST(MalformedAccess, OffsetsFarOutside) {
  EveryDevice devices;
  for (IoDevice* device : devices.all) {
    for (const std::uint64_t offset :
         {std::uint64_t{0x100}, std::uint64_t{1} << 32, std::numeric_limits<std::uint64_t>::max(),
          std::numeric_limits<std::uint64_t>::max() - 3}) {
      for (const std::uint8_t width : kBusWidths) {
        EXPECT_EQ(write_register(*device, offset, 0, width), IoStatus::no_such_register);
        EXPECT_EQ(read_register(*device, offset, width), all_ones(width));
      }
      EXPECT_EQ(device->register_name(offset, false), "");
      EXPECT_EQ(device->register_name(offset, true), "");
    }
  }
}

TEST(MalformedAccess, EveryRegisterThatAnswersHasAName) {
  EveryDevice devices;
  for (IoDevice* device : devices.all) {
    int named = 0;
    for (std::uint64_t offset = 0; offset < 16; ++offset) {
      const bool answers = write_register(*device, offset, 0) == IoStatus::ok;
      EXPECT_EQ(answers, !device->register_name(offset, true).empty()) << device->name() << offset;
      EXPECT_EQ(answers, !device->register_name(offset, false).empty()) << device->name() << offset;
      if (answers) ++named;
    }
    EXPECT_GT(named, 0) << device->name();
  }
}

TEST(MalformedAccess, NamesAreTheOnesGiven) {
  EveryDevice devices;
  std::set<std::string_view> names;
  for (IoDevice* device : devices.all)
    names.insert(device->name());
  EXPECT_EQ(names.size(), devices.all.size());
}

TEST(MalformedAccess, StringsOfAnyWidthAndLength) {
  EveryDevice devices;
  std::mt19937 random(2);
  std::array<std::byte, 64> buffer{};
  for (IoDevice* device : devices.all) {
    for (std::uint64_t offset = 0; offset < 9; ++offset) {
      for (const std::uint8_t width : kPortWidths) {
        for (const std::size_t count : {0U, 1U, 7U, 16U}) {
          const auto data = std::span(buffer).first(count * width);
          std::size_t done = 0;
          EXPECT_EQ(device->write_string({offset, width}, data, done), IoStatus::ok);
          EXPECT_EQ(done, count);
          done = 0;
          EXPECT_EQ(device->read_string({offset, width}, data, done), IoStatus::ok);
          EXPECT_EQ(done, count);
        }
      }
    }
  }
}

}  // namespace
}  // namespace skiff
