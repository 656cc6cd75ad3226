// Any access to any register, in any order, with the disk's answers in between: an answer each
// time, and a reset brings the drives back.
#include <gtest/gtest.h>

#include <random>

#include "tests/unit/ide/ide_fixture.h"

namespace skiff::ide_test {
namespace {

constexpr std::array<std::uint8_t, 8> kOddWidths = {0, 1, 2, 3, 4, 8, 16, 255};

TEST(IdeMalformed, EveryOffsetAndWidthHasAnAnswer) {
  Pc pc({64, 64, 64});
  IdeChannel channel("x", {}, pc.memory, nullptr, [] { return true; });
  for (IoDevice* const device : {&channel.command_block(), &channel.control_block()}) {
    for (std::uint64_t offset = 0; offset < 20; ++offset) {
      for (const std::uint8_t width : kOddWidths) {
        std::uint64_t value = 0x5a5a;
        const IoStatus read = device->read({offset, width}, value);
        EXPECT_EQ(read, device->write({offset, width}, ~0ULL)) << offset << " " << int{width};
        if (read != IoStatus::ok) {
          EXPECT_EQ(value, 0x5a5aU);
        }
        EXPECT_NE(read, IoStatus::busy);
      }
      EXPECT_EQ(device->register_name(offset, true).empty(),
                device->write({offset, 1}, 0) == IoStatus::no_such_register);
    }
  }
  std::uint64_t value = 0;
  EXPECT_EQ(channel.command_block().read({ata::kStatus, 1}, value), IoStatus::ok);
  EXPECT_EQ(value, 0x7fU) << "a cable with nobody on it";
}

TEST(IdeMalformed, AnySequenceOfAccesses) {
  for (unsigned seed = 1; seed <= 40; ++seed) {
    std::mt19937 random(seed);
    Pc pc({64, 100, 3000});
    const auto pick = [&random](std::uint64_t below) {
      return static_cast<std::uint32_t>(random() % below);
    };
    constexpr std::array<std::uint8_t, 12> kCommands = {0x20, 0x30, 0xc8, 0xca, 0x25, 0x35,
                                                        0xc4, 0xc5, 0xc6, 0x06, 0xec, 0x40};
    for (int step = 0; step < 1500; ++step) {
      const std::uint64_t base = pick(4) == 0 ? 0x170 : 0x1f0;
      switch (pick(12)) {
        case 0:
          pc.out(base + ata::kCommand, kCommands[pick(12)]);
          break;
        case 1:
          pc.out(base + 0x206, pick(16) == 0 ? pick(256) : 0);
          break;
        case 2:
          pc.out(kBm + pick(16), random(), static_cast<std::uint8_t>(1U << pick(3)));
          break;
        case 3:  // a plausible start
          pc.out(kBm + (base == 0x170 ? 12 : 4), 0x1000, 4);
          pc.out(kBm + (base == 0x170 ? 8 : 0), pick(2) * 8);
          pc.out(kBm + (base == 0x170 ? 8 : 0), 1 + pick(2) * 8);
          break;
        case 4:
          pc.ins(base, pick(2048) & ~3U, pick(2) != 0 ? 2 : 4);
          break;
        case 5:
          pc.outs(base, bytes_of_value(pick(2048) & ~3U, step & 0xff), pick(2) != 0 ? 2 : 4);
          break;
        case 6:
          pc.memory.store(
              GuestAddress(0x1000 + 8 * pick(64)),
              std::array<std::uint32_t, 2>{pick(kRamSize + 0x1000),
                                           pick(4096) | (pick(4) == 0 ? ide::kPrdEnd : 0)});
          break;
        case 7:
          pc.out(base + pick(8), pick(256), static_cast<std::uint8_t>(1U << pick(3)));
          break;
        case 8:
          pc.out(base + ata::kCount, pick(40));
          break;
        case 9:
          pc.out(base + ata::kDevice, 0xe0U | pick(2) << 4);
          break;
        case 10:
          pc.in(base + pick(8), static_cast<std::uint8_t>(1U << pick(3)));
          break;
        default:
          pc.loop.run(1 + static_cast<int>(pick(2)));
      }
    }
    for (const std::uint64_t control : {0x3f6ULL, 0x376ULL}) {
      pc.out(control, ata::kSrst);
      pc.out(control, 0);
    }
    pc.loop.run();
    EXPECT_EQ(pc.in(0x3f6), kReady) << seed;
    EXPECT_EQ(pc.in(0x376), kReady) << seed;
    pc.lba28(ata::kReadSectors, 2, 1);
    pc.loop.run();
    EXPECT_EQ(pc.ins(0x1f0, 512), pc.on_disk(2, 1)) << seed;
  }
}

}  // namespace
}  // namespace skiff::ide_test
