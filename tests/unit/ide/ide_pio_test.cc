// PIO: DRQ blocks, interrupts, string instructions, errors in the middle.
#include <gtest/gtest.h>

#include <cerrno>

#include "tests/unit/ide/ide_fixture.h"

namespace skiff::ide_test {
namespace {

TEST(IdePio, ReadsSectorBySectorWithAnInterruptBeforeEach) {
  Pc pc;
  pc.lba28(ata::kReadSectors, 5, 3);
  EXPECT_EQ(pc.alt_status() & ata::kBsy, ata::kBsy);
  pc.loop.run();
  std::vector<std::byte> all;
  for (int sector = 0; sector < 3; ++sector) {
    EXPECT_TRUE(pc.irqs[0].level) << sector;
    EXPECT_EQ(pc.reg(ata::kStatus), kReady | ata::kDrq);
    EXPECT_FALSE(pc.irqs[0].level);
    for (int word = 0; word < 256; ++word) {
      const auto value = pc.in(0x1f0, 2);
      all.push_back(static_cast<std::byte>(value & 0xff));
      all.push_back(static_cast<std::byte>(value >> 8));
    }
  }
  EXPECT_FALSE(pc.irqs[0].level) << "none after the last one";
  EXPECT_EQ(pc.reg(ata::kStatus), kReady);
  EXPECT_EQ(all, pc.on_disk(5, 3));
  EXPECT_EQ(pc.disks[0]->asked.size(), 1U) << "the disk is asked once";
}

TEST(IdePio, AStringIsOneAccessOfEitherWidth) {
  for (const std::uint8_t width : {std::uint8_t{2}, std::uint8_t{4}}) {
    Pc pc;
    pc.lba28(ata::kReadSectors, 7, 2);
    pc.loop.run();
    EXPECT_EQ(pc.ins(0x1f0, 1024, width), pc.on_disk(7, 2));
    EXPECT_EQ(pc.alt_status(), kReady);
    EXPECT_EQ(pc.ins(0x1f0, 8, width), std::vector<std::byte>(8, std::byte{0xff}));
  }
}

TEST(IdePio, LargeReadsAndWritesGoThroughTheBufferInPieces) {
  Pc pc;
  const auto data = bytes_of_value(300 * 512, 3);
  pc.lba48(ata::kWriteSectorsExt, 11, 300);
  EXPECT_FALSE(pc.irqs[0].level) << "none before the first block";
  EXPECT_EQ(pc.alt_status(), kReady | ata::kDrq);
  for (std::size_t sector = 0; sector < 300; ++sector) {
    ASSERT_EQ(pc.reg(ata::kStatus), kReady | ata::kDrq) << sector;
    pc.outs(0x1f0, std::span(data).subspan(sector * 512, 512));
    pc.loop.run();
    ASSERT_TRUE(pc.irqs[0].level) << sector;
  }
  EXPECT_EQ(pc.reg(ata::kStatus), kReady);
  EXPECT_EQ(pc.on_disk(11, 300), data);
  EXPECT_EQ(pc.disks[0]->asked.size(), 3U);
  pc.lba48(ata::kReadSectorsExt, 11, 300);
  std::vector<std::byte> back;
  for (int sector = 0; sector < 300; ++sector) {
    pc.loop.run();
    ASSERT_EQ(pc.reg(ata::kStatus), kReady | ata::kDrq);
    const auto part = pc.ins(0x1f0, 512);
    back.insert(back.end(), part.begin(), part.end());
  }
  EXPECT_EQ(back, data);
  EXPECT_EQ(pc.reg(ata::kStatus), kReady);
}

TEST(IdePio, MultipleMovesItsBlocksAndAShortLastOne) {
  Pc pc;
  pc.set(ata::kCount, 8);
  pc.command(ata::kSetMultiple);
  pc.reg(ata::kStatus);
  const int before = pc.irqs[0].edges;
  pc.lba28(ata::kReadMultiple, 1, 20);
  pc.loop.run();
  for (const std::size_t sectors : {8U, 8U, 4U}) {
    EXPECT_EQ(pc.reg(ata::kStatus), kReady | ata::kDrq);
    pc.ins(0x1f0, sectors * 512);
  }
  EXPECT_EQ(pc.reg(ata::kStatus), kReady);
  EXPECT_EQ(pc.irqs[0].edges - before, 3);
  const auto data = bytes_of_value(10 * 512, 1);
  pc.lba48(ata::kWriteMultipleFuaExt, 50, 10);
  pc.outs(0x1f0, data);
  pc.loop.run();
  EXPECT_EQ(pc.on_disk(50, 10), data);
  EXPECT_TRUE(pc.disks[0]->asked.back().fua);
}

TEST(IdePio, WithoutWriteCacheEachWriteIsDurable) {
  Pc pc;
  const auto write = [&] {
    pc.lba28(ata::kWriteSectors, 0, 1);
    pc.outs(0x1f0, bytes_of_value(512, 0));
    pc.loop.run();
    return pc.disks[0]->asked.back().fua;
  };
  EXPECT_FALSE(write());
  pc.set(ata::kFeatures, ata::kDisableWriteCache);
  pc.command(ata::kSetFeatures);
  EXPECT_TRUE(write());
}

TEST(IdePio, AFailingDiskIsToldWithTheSector) {
  Pc pc;
  pc.disks[0]->error = EIO;
  pc.disks[0]->good = 1;
  pc.lba48(ata::kReadSectorsExt, 0x1000, 200);
  pc.loop.run();
  pc.ins(0x1f0, 128 * 512);
  pc.loop.run();
  EXPECT_TRUE(pc.irqs[0].level);
  EXPECT_EQ(pc.reg(ata::kStatus), kReady | ata::kErr);
  EXPECT_EQ(pc.reg(ata::kError), ata::kUnc);
  EXPECT_EQ(pc.reg(ata::kLbaLow), 0x80);
  EXPECT_EQ(pc.reg(ata::kLbaMid), 0x10);
  pc.lba28(ata::kWriteSectors, 9, 1);
  pc.outs(0x1f0, bytes_of_value(512, 0));
  pc.loop.run();
  EXPECT_EQ(pc.reg(ata::kStatus), kReady | ata::kErr | ata::kDf);
  EXPECT_EQ(pc.reg(ata::kLbaLow), 9);
}

TEST(IdePio, VerifyReadsAllOfItAndGivesNothing) {
  Pc pc;
  pc.lba48(ata::kReadVerifyExt, 0, 300);
  pc.loop.run();
  EXPECT_EQ(pc.reg(ata::kStatus), kReady);
  EXPECT_EQ(pc.disks[0]->asked.size(), 3U);
}

TEST(IdePio, ACommandToTheOtherDriveEndsATransferNobodyFetches) {
  Pc pc({64, 64});
  pc.lba28(ata::kReadSectors, 0, 2);
  pc.loop.run();
  pc.lba28(ata::kReadSectors, 4, 1, ata::kDev);
  pc.loop.run();
  EXPECT_EQ(pc.ins(0x1f0, 512), pc.on_disk(4, 1, 1));
  pc.set(ata::kDevice, 0xe0);
  EXPECT_EQ(pc.alt_status(), kReady);
  EXPECT_EQ(pc.in(0x1f0, 2), 0xffffU);
}

}  // namespace
}  // namespace skiff::ide_test
