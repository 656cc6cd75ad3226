// The bus master: tables of every shape, starts and stops, TRIM.
#include <gtest/gtest.h>

#include <cerrno>

#include "tests/unit/ide/ide_fixture.h"

namespace skiff::ide_test {
namespace {

TEST(IdeDma, ReadsIntoScatteredRegions) {
  Pc pc;
  pc.prds({{0x8000, 512}, {0x9002, 1022}, {0xa000, 2}});
  pc.lba28(ata::kReadDma, 20, 3);
  pc.start_dma(true);
  EXPECT_EQ(pc.bm_status(), ide::kBmActive);
  EXPECT_FALSE(pc.irqs[0].level);
  pc.loop.run();
  EXPECT_TRUE(pc.irqs[0].level);
  EXPECT_EQ(pc.bm_status(), ide::kBmInterrupt) << "the table is used up";
  EXPECT_EQ(pc.reg(ata::kStatus), kReady);
  auto all = pc.ram(0x8000, 512);
  for (const auto& [address, size] : {std::pair{0x9002U, 1022U}, std::pair{0xa000U, 2U}}) {
    const auto part = pc.ram(address, size);
    all.insert(all.end(), part.begin(), part.end());
  }
  EXPECT_EQ(all, pc.on_disk(20, 3));
  EXPECT_EQ(pc.disks[0]->asked.size(), 1U);
}

TEST(IdeDma, WritesWithTheEngineStartedBeforeTheCommand) {
  Pc pc;
  const auto data = bytes_of_value(0x10000, 9);
  pc.memory.write(GuestAddress(0x20000), data);
  pc.prds({{0x20000, 0}});  // 64 KiB
  pc.start_dma(false);
  pc.lba48(ata::kWriteDmaFuaExt, 1000, 128);
  pc.loop.run();
  EXPECT_EQ(pc.reg(ata::kStatus), kReady);
  EXPECT_EQ(pc.on_disk(1000, 128), data);
  EXPECT_TRUE(pc.disks[0]->asked.back().fua);
}

TEST(IdeDma, MoreRegionsThanOneJobTakes) {
  Pc pc;
  const auto data = bytes_of_value(4 * 512, 5);
  pc.memory.write(GuestAddress(0x20000), data);
  std::vector<Pc::Region> regions;
  for (std::uint32_t at = 0; at < data.size(); at += 2)
    regions.push_back({0x20000 + at, 2});
  pc.prds(regions);
  pc.lba28(ata::kWriteDma, 3, 4);
  pc.start_dma(false);
  pc.loop.run();
  EXPECT_EQ(pc.on_disk(3, 4), data);
  EXPECT_EQ(pc.bm_status(), ide::kBmInterrupt);
  EXPECT_EQ(pc.disks[0]->asked.size(), 4U);
}

TEST(IdeDma, RegionsThatHoldMoreLeaveTheEngineActive) {
  Pc pc;
  pc.prds({{0x8000, 4096}});
  pc.lba28(ata::kReadDma, 0, 1);
  pc.start_dma(true);
  pc.loop.run();
  EXPECT_EQ(pc.bm_status(), ide::kBmInterrupt | ide::kBmActive);
  EXPECT_EQ(pc.ram(0x8200, 2), std::vector<std::byte>(2)) << "nothing behind the transfer";
  pc.out(kBm, 0);
  EXPECT_EQ(pc.bm_status(), ide::kBmInterrupt);
}

TEST(IdeDma, ATableTooShortEndsTheEngineAndASecondOneGoesOn) {
  Pc pc;
  pc.prds({{0x8000, 512}, {0x9000, 300}});
  pc.lba28(ata::kReadDma, 0, 3);
  pc.start_dma(true);
  pc.loop.run();
  EXPECT_EQ(pc.bm_status(), 0) << "no interrupt, not active: the error of a short table";
  EXPECT_EQ(pc.alt_status(), kReady | ata::kDrq);
  EXPECT_FALSE(pc.irqs[0].level);
  pc.prds({{0xa000, 1024}});
  pc.start_dma(true);
  pc.loop.run();
  EXPECT_EQ(pc.reg(ata::kStatus), kReady);
  EXPECT_EQ(pc.ram(0xa000, 1024), pc.on_disk(1, 2));
}

TEST(IdeDma, WhatIsNotRamIsAnError) {
  const auto broken = [](const std::vector<Pc::Region>& regions, std::uint32_t table = 0x1000,
                         bool with_end = true) {
    Pc pc;
    pc.prds(regions, with_end);
    pc.lba28(ata::kReadDma, 0, 8);
    pc.start_dma(true, table);
    pc.loop.run();
    EXPECT_EQ(pc.alt_status(), kReady | ata::kDrq);
    const auto status = pc.bm_status();
    pc.control(ata::kSrst);
    pc.control(0);
    EXPECT_EQ(pc.alt_status(), kReady) << "a reset ends it";
    return status;
  };
  EXPECT_EQ(broken({{0xffff'fff0, 4096}}), ide::kBmError);
  EXPECT_EQ(broken({{kRamSize - 512, 4096}}), ide::kBmError);
  EXPECT_EQ(broken({{0x8000, 512}, {kRamSize, 512}}), ide::kBmError);
  EXPECT_EQ(broken({}, 0xffff'fff8), ide::kBmError);
  EXPECT_EQ(broken({}, kRamSize - 4), ide::kBmError);
}

TEST(IdeDma, ATableCrossesNoBorderOf64KiB) {
  Pc pc;
  pc.memory.store(GuestAddress(0x1fff8), std::array<std::uint32_t, 2>{0x8000, 512});
  pc.memory.store(GuestAddress(0x20000), std::array<std::uint32_t, 2>{0x9000, 0x8000'0200});
  pc.lba28(ata::kReadDma, 0, 2);
  pc.start_dma(true, 0x1fff8);
  pc.loop.run();
  EXPECT_EQ(pc.bm_status(), ide::kBmError);
}

TEST(IdeDma, WrongDirectionAndNoBusMasterBit) {
  Pc pc;
  pc.prds({{0x8000, 512}});
  pc.lba28(ata::kReadDma, 0, 1);
  pc.start_dma(false);
  pc.loop.run();
  EXPECT_EQ(pc.bm_status(), ide::kBmError);
  pc.controller->config_write(pci::kCommand, 2, pci::kCommandIo);
  pc.start_dma(true);
  pc.loop.run();
  EXPECT_EQ(pc.bm_status(), ide::kBmError);
  EXPECT_TRUE(pc.disks[0]->asked.empty());
  pc.controller->config_write(pci::kCommand, 2, pci::kCommandIo | pci::kCommandBusMaster);
  pc.start_dma(true);
  pc.loop.run();
  EXPECT_EQ(pc.reg(ata::kStatus), kReady);
}

TEST(IdeDma, StoppingWaitsUntilTheBuffersAreTheGuestsAgain) {
  Pc pc;
  std::vector<Pc::Region> regions;
  for (std::uint32_t i = 0; i < 512; ++i)
    regions.push_back({0x8000 + 2 * i, 2});
  pc.prds(regions);
  pc.lba28(ata::kReadDma, 0, 2);
  pc.start_dma(true);
  EXPECT_EQ(pc.out(kBm, ide::kBmToMemory), IoStatus::busy);
  EXPECT_EQ(pc.bm_status(), ide::kBmActive);
  pc.loop.run();
  EXPECT_EQ(pc.disks[0]->asked.size(), 1U) << "the second job is not begun";
  EXPECT_EQ(pc.out(kBm, ide::kBmToMemory), IoStatus::ok);
  EXPECT_EQ(pc.bm_status(), 0);
  EXPECT_EQ(pc.alt_status(), kReady | ata::kDrq);
  pc.loop.run();
  EXPECT_EQ(pc.disks[0]->asked.size(), 1U);
}

TEST(IdeDma, ADriveThatIsNotSelectedWaits) {
  Pc pc({64, 64});
  pc.prds({{0x8000, 512}});
  pc.lba28(ata::kReadDma, 5, 1);
  pc.set(ata::kDevice, 0xf0);
  pc.start_dma(true);
  pc.loop.run();
  EXPECT_TRUE(pc.disks[0]->asked.empty());
  EXPECT_EQ(pc.alt_status(), kReady);
  pc.set(ata::kDevice, 0xe0);
  pc.loop.run();
  EXPECT_EQ(pc.reg(ata::kStatus), kReady);
  EXPECT_EQ(pc.ram(0x8000, 512), pc.on_disk(5, 1));
}

TEST(IdeDma, RegionsThatEndInTheMiddleOfASector) {
  Pc pc;
  std::vector<Pc::Region> regions{
      {0x8000, 510}};  // then 255 of two bytes: one sector and 508 bytes
  for (std::uint32_t i = 0; i < 256; ++i)
    regions.push_back({0x9000 + 2 * i, 2});
  regions.push_back({0xa000, 2});
  pc.prds(regions);
  pc.lba28(ata::kReadDma, 0, 2);
  pc.start_dma(true);
  pc.loop.run();
  EXPECT_EQ(pc.reg(ata::kStatus), kReady);
  auto all = pc.ram(0x8000, 510);
  const auto middle = pc.ram(0x9000, 512);
  all.insert(all.end(), middle.begin(), middle.end());
  const auto last = pc.ram(0xa000, 2);
  all.insert(all.end(), last.begin(), last.end());
  EXPECT_EQ(all, pc.on_disk(0, 2));
}

TEST(IdeDma, RegistersInEveryWidth) {
  Pc pc({64, 64, 64});
  pc.out(kBm + ide::kBmTable, 0x1234'5679, 4);
  EXPECT_EQ(pc.in(kBm + ide::kBmTable, 4), 0x1234'5678U);
  EXPECT_EQ(pc.in(kBm + ide::kBmTable + 2, 2), 0x1234U);
  pc.out(kBm + ide::kBmTable + 1, 0xff);
  EXPECT_EQ(pc.in(kBm + ide::kBmTable, 4), 0x1234'ff78U);
  pc.out(kBm + 8 + ide::kBmStatus, 0xff);
  EXPECT_EQ(pc.in(kBm + 8 + ide::kBmStatus), ide::kBmDriveCapable);
  EXPECT_EQ(pc.in(kBm, 4) & 0xff00'ff00, 0U);
  EXPECT_EQ(pc.in(kBm + 6, 4), 0xffff'ffffU) << "across two channels";
}

TEST(IdeDma, TrimDiscardsRangeByRange) {
  Pc pc;
  std::array<std::uint64_t, 64> ranges{};
  ranges[0] = 8ULL << 48 | 100;
  ranges[1] = 0;
  ranges[2] = 1ULL << 48 | 300;
  pc.memory.write(GuestAddress(0x8000), std::as_bytes(std::span(ranges)));
  pc.prds({{0x8000, 512}});
  pc.set(ata::kFeatures, ata::kTrim);
  pc.lba48(ata::kDataSetManagement, 0, 1);
  pc.start_dma(false);
  pc.loop.run();
  EXPECT_EQ(pc.reg(ata::kStatus), kReady);
  using Asked = TestDisk::Asked;
  EXPECT_EQ(pc.disks[0]->asked,
            (std::vector<Asked>{{DiskOperation::discard, false, 100 * 512, 8 * 512},
                                {DiskOperation::discard, false, 300 * 512, 512}}));
  ranges[1] = 2ULL << 48 | (kSectors - 1);
  pc.memory.write(GuestAddress(0x8000), std::as_bytes(std::span(ranges)));
  pc.lba48(ata::kDataSetManagement, 0, 1);
  pc.start_dma(false);
  pc.loop.run();
  EXPECT_EQ(pc.reg(ata::kStatus), kReady | ata::kErr);
  EXPECT_EQ(pc.reg(ata::kError), ata::kIdnf);
  pc.lba48(ata::kDataSetManagement, 0, 9);
  EXPECT_EQ(pc.reg(ata::kError), ata::kAbrt);
}

TEST(IdeDma, AFailingDiskEndsTheCommandWithAnInterrupt) {
  Pc pc;
  pc.disks[0]->error = EIO;
  pc.prds({{0x8000, 512}});
  pc.lba28(ata::kReadDma, 6, 1);
  pc.start_dma(true);
  pc.loop.run();
  EXPECT_EQ(pc.reg(ata::kStatus), kReady | ata::kErr);
  EXPECT_EQ(pc.reg(ata::kError), ata::kUnc);
  EXPECT_EQ(pc.bm_status() & ide::kBmInterrupt, ide::kBmInterrupt);
}

}  // namespace
}  // namespace skiff::ide_test
