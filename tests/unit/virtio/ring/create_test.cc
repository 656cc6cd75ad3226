// Virtqueue::create: what it proves of a configuration.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/virtio/ring/ring_fixture.h"

namespace skiff::ring_test {
namespace {

using testing::HasSubstr;

class Create : public testing::Test {
 protected:
  std::string error(const QueueConfig& config) {
    const auto queue = Virtqueue::create(config, memory);
    return queue ? "" : queue.error();
  }
  static QueueConfig split(std::uint16_t size) {
    return {.size = size,
            .descriptor_area = GuestAddress(0x10000),
            .driver_area = GuestAddress(0xb0000),
            .device_area = GuestAddress(0x100000)};
  }
  static QueueConfig packed(std::uint16_t size) {
    QueueConfig config = split(size);
    config.packed = true;
    return config;
  }

  GuestMemory memory{kRam, GuestMemoryOptions{HugePages::off, false}};
};

TEST_F(Create, EverySize) {
  for (unsigned size = 0; size <= 0xffff; ++size) {
    const auto size16 = static_cast<std::uint16_t>(size);
    const bool power = (size & (size - 1)) == 0;
    ASSERT_EQ(error(split(size16)).empty(), size != 0 && size <= 32768 && power) << size;
    ASSERT_EQ(error(packed(size16)).empty(), size != 0 && size <= 32768) << size;
  }
  EXPECT_EQ(error(split(6)), "a queue size of 6 is not a power of two from 1 to 32768");
  EXPECT_EQ(error(packed(0)), "a queue size of 0 is not 1 to 32768");
}

TEST_F(Create, Alignment) {
  for (std::uint64_t offset = 0; offset < 32; ++offset) {
    for (const bool is_packed : {false, true}) {
      const QueueConfig good = is_packed ? packed(8) : split(8);
      const auto moved = [offset](GuestAddress address) { return address.plus(offset).value(); };
      QueueConfig config = good;
      config.descriptor_area = moved(good.descriptor_area);
      EXPECT_EQ(error(config).empty(), offset % 16 == 0);
      config = good;
      config.driver_area = moved(good.driver_area);
      EXPECT_EQ(error(config).empty(), offset % (is_packed ? 4 : 2) == 0);
      config = good;
      config.device_area = moved(good.device_area);
      EXPECT_EQ(error(config).empty(), offset % 4 == 0);
    }
  }
  QueueConfig config = split(8);
  config.device_area = GuestAddress(0x100002);
  EXPECT_EQ(error(config), "the used ring at 0x100002 is not aligned to 4");
}

struct Area {
  const char* name;
  GuestAddress QueueConfig::* member;
  bool packed;
  bool event_idx;
  std::uint64_t length;  // for a queue of 8
  std::uint64_t alignment;
};
const std::vector<Area> kAreas = {
    {"descriptor table", &QueueConfig::descriptor_area, false, false, 128, 16},
    {"available ring", &QueueConfig::driver_area, false, false, 4 + 16, 2},
    {"available ring", &QueueConfig::driver_area, false, true, 6 + 16, 2},
    {"used ring", &QueueConfig::device_area, false, false, 4 + 64, 4},
    {"used ring", &QueueConfig::device_area, false, true, 6 + 64, 4},
    {"descriptor ring", &QueueConfig::descriptor_area, true, false, 128, 16},
    {"driver event suppression", &QueueConfig::driver_area, true, false, 4, 4},
    {"device event suppression", &QueueConfig::device_area, true, true, 4, 4},
};

TEST_F(Create, EachAreaWhollyInOneRegion) {
  for (const Area& area : kAreas) {
    const auto at = [&](std::uint64_t address) {
      QueueConfig config = area.packed ? packed(8) : split(8);
      config.event_idx = area.event_idx;
      config.*area.member = GuestAddress(address);
      return error(config);
    };
    // The last place where it fits, and the next one, at the end of RAM and where regions touch.
    for (const std::uint64_t end : {kRamEnd, kRamEnd / 2}) {
      const std::uint64_t last = (end - area.length) / area.alignment * area.alignment;
      EXPECT_EQ(at(last), "") << area.name;
      if (last + area.alignment == end) continue;  // it never straddles
      EXPECT_THAT(at(last + area.alignment), HasSubstr(area.name));
      EXPECT_THAT(at(last + area.alignment), HasSubstr("is not inside one region of RAM"));
    }
    EXPECT_THAT(at(kRamEnd), HasSubstr(area.name));
    EXPECT_THAT(at(0x8000'0000), HasSubstr(area.name));
    EXPECT_THAT(at(0xffff'ffff'ffff'fff0), HasSubstr(area.name)) << "passes 2^64";
    EXPECT_THAT(at(0x8000'0000'0000'0000), HasSubstr(area.name));
  }
}

// A ring that ends with the last byte of RAM works, and nothing is touched behind it (the
// sanitizers and the unmapped memory there would tell).
TEST_F(Create, ARingAtTheEndOfRamWorks) {
  for (const Format& format : kFormats) {
    const std::uint64_t event = format.event_idx ? 2 : 0;
    QueueConfig config{.size = 2,
                       .descriptor_area = GuestAddress(kRamEnd - 32),
                       .driver_area = GuestAddress(kRamEnd - 32 - 16),
                       .device_area = GuestAddress(kRamEnd - 32 - 48),
                       .packed = format.packed,
                       .indirect = format.indirect,
                       .event_idx = format.event_idx};
    for (int end = 0; end < 3; ++end) {  // each area at the end in turn
      QueueConfig at = config;
      if (end == 1) {
        at.descriptor_area = GuestAddress(kRamEnd - 128);
        at.driver_area = GuestAddress(kRamEnd - (format.packed ? 4 : 8 + event));
      } else if (end == 2) {
        at.descriptor_area = GuestAddress(kRamEnd - 128);
        at.device_area = GuestAddress(kRamEnd - (format.packed ? 4 : 20 + 2 * event));
        at.driver_area = GuestAddress(kRamEnd - 256);
      }
      ASSERT_TRUE(memory.fill(GuestAddress(kRamEnd - 4096), 4096, std::byte{}));
      DriverQueue driver(memory, at, kBuffers, 4);
      auto queue = Virtqueue::create(at, memory).value();
      DescriptorChain chain;
      for (int i = 0; i < 9; ++i) {
        const std::vector<DriverBuffer> buffers = {{GuestAddress(kRamEnd - 1024), 512, true}};
        const auto id = format.indirect ? driver.offer_indirect(buffers) : driver.offer(buffers);
        ASSERT_EQ(queue.pop(chain), PopResult::chain) << queue.fault();
        queue.complete(chain, 512);
        EXPECT_EQ(queue.publish(), !format.event_idx || format.packed || i == 0);
        EXPECT_EQ(driver.used(), (DriverUsed{id, 512}));
      }
    }
  }
}

}  // namespace
}  // namespace skiff::ring_test
