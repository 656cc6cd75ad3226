// The CD-ROM drive: packets, their answers by PIO and by DMA, errors with their sense data.
#include <gtest/gtest.h>

#include "devices/ide/atapi_regs.h"
#include "tests/unit/ide/ide_fixture.h"

namespace skiff::ide_test {
namespace {

constexpr std::size_t kBlocks = 40;
constexpr std::uint8_t kChecked = kReady | ata::kErr;
constexpr std::uint8_t kAtStatus = ata::kReasonCommand | ata::kReasonToHost;

struct CdPc : Pc {
  // The last sector is no whole block.
  CdPc() : Pc({kBlocks * 4 + 1}, {.name = "test", .read_only = true}, 0) {
    packet({atapi::kTestUnitReady});  // the reset has been told
    EXPECT_EQ(reg(ata::kStatus), kChecked);
  }
  // All DRQ blocks of an answer, each with its interrupt, then the status phase.
  std::vector<std::byte> answer() {
    std::vector<std::byte> all;
    loop.run();
    while ((alt_status() & ata::kDrq) != 0) {
      EXPECT_TRUE(irqs[0].level);
      EXPECT_EQ(reg(ata::kStatus), kReady | ata::kDrq);
      EXPECT_EQ(reg(ata::kCount), ata::kReasonToHost);
      sizes.push_back(byte_count());
      // A last word of one byte is a word all the same.
      const auto part = ins(0x1f0, (sizes.back() + 1) & ~std::size_t{1});
      all.insert(all.end(), part.begin(), part.begin() + static_cast<std::ptrdiff_t>(sizes.back()));
      loop.run();
    }
    EXPECT_TRUE(irqs[0].level) << "the status phase has an interrupt";
    EXPECT_EQ(reg(ata::kCount), kAtStatus);
    return all;
  }
  std::vector<std::byte> ask(const std::vector<unsigned>& bytes, std::uint16_t limit = 0xfffe) {
    sizes.clear();
    packet(bytes, limit);
    return answer();
  }
  atapi::Sense sense() {
    const auto data = ask({atapi::kRequestSense, 0, 0, 0, 18});
    if (data.size() != 18) return {0xff, 0, 0};
    return {std::to_integer<std::uint8_t>(data[2]), std::to_integer<std::uint8_t>(data[12]),
            std::to_integer<std::uint8_t>(data[13])};
  }

  std::vector<std::size_t> sizes;  // of the DRQ blocks of the last answer
};

std::uint32_t big(const std::vector<std::byte>& data, std::size_t at, unsigned width) {
  std::uint32_t value = 0;
  for (unsigned i = 0; i < width; ++i)
    value = value << 8 | std::to_integer<std::uint32_t>(data.at(at + i));
  return value;
}

TEST(Atapi, SignatureAndIdentity) {
  Pc pc({64}, {.name = "test"}, 0);
  EXPECT_EQ(pc.alt_status(), 0) << "no DRDY before the first command";
  EXPECT_EQ(pc.byte_count(), 0xeb14U);
  EXPECT_EQ(pc.reg(ata::kError), 1);
  for (const std::uint8_t command : {ata::kIdentifyDevice, ata::kReadSectors}) {
    pc.set(ata::kLbaMid, 0);
    pc.set(ata::kLbaHigh, 0);
    pc.command(command);
    EXPECT_EQ(pc.reg(ata::kStatus), kChecked);
    EXPECT_EQ(pc.reg(ata::kError), ata::kAbrt);
    EXPECT_EQ(pc.byte_count(), 0xeb14U) << "what it is";
  }
  pc.command(ata::kIdentifyPacketDevice);
  const auto data = pc.ins(0x1f0, 512);
  EXPECT_EQ(load_le<std::uint16_t>(std::span<const std::byte>(data), 0), 0x85c0);
  EXPECT_EQ(load_le<std::uint16_t>(std::span<const std::byte>(data), 98), 0x0f00);
  EXPECT_EQ(pc.alt_status(), kReady);
  pc.set(ata::kCount, 0);
  pc.command(ata::kDeviceReset);
  EXPECT_EQ(pc.alt_status(), 0);
  EXPECT_EQ(pc.byte_count(), 0xeb14U);
  EXPECT_FALSE(pc.irqs[0].level);
}

TEST(Atapi, APacketIsAskedForAndAResetIsToldOnce) {
  Pc pc({64}, {.name = "test"}, 0);
  pc.set(ata::kFeatures, 0);
  pc.command(ata::kPacket);
  EXPECT_FALSE(pc.irqs[0].level) << "DRQ comes without an interrupt";
  EXPECT_EQ(pc.reg(ata::kStatus), kReady | ata::kDrq);
  EXPECT_EQ(pc.reg(ata::kCount), ata::kReasonCommand);
  for (int i = 0; i < 6; ++i)
    pc.out(0x1f0, 0, 2);
  EXPECT_TRUE(pc.irqs[0].level);
  EXPECT_EQ(pc.reg(ata::kStatus), kChecked);
  EXPECT_EQ(pc.reg(ata::kError), 0x60) << "unit attention";
  EXPECT_EQ(pc.reg(ata::kCount), kAtStatus);
  pc.packet({atapi::kTestUnitReady});
  EXPECT_EQ(pc.reg(ata::kStatus), kReady);
  pc.control(ata::kSrst);
  pc.control(0);
  EXPECT_EQ(pc.byte_count(), 0xeb14U);
  pc.packet({atapi::kInquiry, 0, 0, 0, 36});
  EXPECT_EQ(pc.reg(ata::kStatus), kReady | ata::kDrq) << "INQUIRY tells of no reset";
}

TEST(Atapi, BlocksByPioInPiecesOfTheHostsSize) {
  CdPc pc;
  const auto data = pc.ask({atapi::kRead10, 0, 0, 0, 0, 3, 0, 0, 2}, 3001);
  EXPECT_EQ(data, pc.on_disk(12, 8));
  EXPECT_EQ(pc.sizes, (std::vector<std::size_t>{3000, 1096})) << "even, and what is left";
  EXPECT_EQ(pc.ask({atapi::kRead12, 0, 0, 0, 0, 39, 0, 0, 0, 1}), pc.on_disk(156, 4));
  // More than the buffer holds: 40 blocks are 80 KiB.
  EXPECT_EQ(pc.ask({atapi::kRead10, 0, 0, 0, 0, 0, 0, 0, kBlocks}, 0xffff),
            pc.on_disk(0, kBlocks * 4));
  EXPECT_EQ(pc.sizes, (std::vector<std::size_t>{65534, 2, 16384}));
  EXPECT_EQ(pc.ask({atapi::kReadCd, 0, 0, 0, 0, 7, 0, 0, 1, 0x10}), pc.on_disk(28, 4));
}

TEST(Atapi, BlocksAndAnswersByDma) {
  CdPc pc;
  pc.prds({{0x8000, 100}, {0x9000, 1948}});
  pc.packet({atapi::kRead10, 0, 0, 0, 0, 5, 0, 0, 1}, 0, ata::kFeatureDma);
  EXPECT_EQ(pc.reg(ata::kStatus), kReady | ata::kDrq);
  pc.start_dma(true);
  pc.loop.run();
  EXPECT_EQ(pc.reg(ata::kStatus), kReady);
  EXPECT_EQ(pc.reg(ata::kCount), kAtStatus);
  auto got = pc.ram(0x8000, 100);
  const auto rest = pc.ram(0x9000, 1948);
  got.insert(got.end(), rest.begin(), rest.end());
  EXPECT_EQ(got, pc.on_disk(20, 4));
  EXPECT_EQ(pc.bm_status() & (ide::kBmActive | ide::kBmError | ide::kBmInterrupt),
            ide::kBmInterrupt);
  // An answer in two regions, that has no whole sector; the second table comes after the first.
  pc.packet({atapi::kReadCapacity}, 0, ata::kFeatureDma);
  pc.prds({{0xa000, 2}});
  pc.start_dma(true);
  EXPECT_EQ(pc.alt_status() & ata::kDrq, ata::kDrq) << "six bytes wait";
  pc.prds({{0xa002, 6}});
  pc.start_dma(true);
  EXPECT_EQ(pc.reg(ata::kStatus), kReady);
  EXPECT_EQ(big(pc.ram(0xa000, 8), 0, 4), kBlocks - 1);
  EXPECT_EQ(big(pc.ram(0xa000, 8), 4, 4), 2048U);
}

TEST(Atapi, WhatTheDriveSaysOfItselfAndItsDisc) {
  CdPc pc;
  const auto inquiry = pc.ask({atapi::kInquiry, 0, 0, 0, 36});
  ASSERT_EQ(inquiry.size(), 36U);
  EXPECT_EQ(big(inquiry, 0, 2), 0x0580U);
  EXPECT_EQ(pc.ask({atapi::kInquiry, 0, 0, 0, 5}).size(), 5U) << "the allocation length";
  EXPECT_EQ(big(pc.ask({atapi::kReadCapacity}), 0, 4), kBlocks - 1);
  const auto toc = pc.ask({atapi::kReadToc, 0, 0, 0, 0, 0, 0, 0, 100});
  ASSERT_EQ(toc.size(), 20U);
  EXPECT_EQ(big(toc, 0, 4), 18U << 16 | 0x0101U);
  EXPECT_EQ(big(toc, 4, 4), 0x00140100U);
  EXPECT_EQ(big(toc, 14, 1), 0xaaU);
  EXPECT_EQ(big(toc, 16, 4), kBlocks);
  const auto msf = pc.ask({atapi::kReadToc, 2, 0, 0, 0, 0, 0xaa, 0, 100});
  ASSERT_EQ(msf.size(), 12U);
  EXPECT_EQ(big(msf, 8, 4), (2U << 8) | 40U) << "two seconds and 40 blocks";
  EXPECT_EQ(big(pc.ask({atapi::kReadToc, 0, 1, 0, 0, 0, 0, 0, 100}), 0, 2), 10U);
  const auto features = pc.ask({atapi::kGetConfiguration, 0, 0, 0, 0, 0, 0, 0, 200});
  EXPECT_EQ(big(features, 0, 4), features.size() - 4);
  EXPECT_EQ(big(features, 6, 2), atapi::kProfileCdRom);
  const auto one = pc.ask({atapi::kGetConfiguration, 2, 0, 0x10, 0, 0, 0, 0, 200});
  ASSERT_EQ(one.size(), 20U);
  EXPECT_EQ(big(one, 8, 2), 0x10U);
  const auto event = pc.ask({atapi::kGetEventStatus, 1, 0, 0, 0x10, 0, 0, 0, 8});
  ASSERT_EQ(event.size(), 8U);
  EXPECT_EQ(big(event, 5, 1), 2U) << "a disc is there";
  const auto modes = pc.ask({atapi::kModeSense10, 0, atapi::kPageAll, 0, 0, 0, 0, 0, 200});
  EXPECT_EQ(big(modes, 0, 2), modes.size() - 2);
  EXPECT_EQ(big(modes, 8, 1), atapi::kPageErrorRecovery);
  EXPECT_EQ(big(modes, 20, 1), atapi::kPageCapabilities);
  EXPECT_EQ(pc.ask({atapi::kReadDiscInformation, 0, 0, 0, 0, 0, 0, 0, 200}).size(), 34U);
  EXPECT_EQ(pc.ask({atapi::kMechanismStatus, 0, 0, 0, 0, 0, 0, 0, 0, 8}).size(), 8U);
}

struct Wrong {
  std::vector<unsigned> packet;
  atapi::Sense sense;
};

TEST(Atapi, WrongPacketsAreRefusedWithTheirSense) {
  using namespace atapi;
  CdPc pc;
  const std::vector<Wrong> cases = {
      {{0x2a, 0, 0, 0, 0, 0, 0, 0, 1}, kInvalidOperation},  // WRITE (10)
      {{0xff}, kInvalidOperation},
      {{kRead10, 0, 0, 0, 0, kBlocks, 0, 0, 1}, kBlockOutOfRange},
      {{kRead10, 0, 0, 0, 0, kBlocks - 1, 0, 0, 2}, kBlockOutOfRange},
      {{kRead10, 0, 0xff, 0xff, 0xff, 0xff, 0, 0, 1}, kBlockOutOfRange},
      {{kRead12, 0, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff}, kBlockOutOfRange},
      {{kSeek10, 0, 0, 0, 1, 0}, kBlockOutOfRange},
      {{kReadCd, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0x10}, kBlockOutOfRange},
      {{kReadCd, 0, 0, 0, 0, 0, 0, 0, 1, 0xf8}, kInvalidField},
      {{kReadCd, 4, 0, 0, 0, 0, 0, 0, 1, 0x10}, kInvalidField},  // audio
      {{kInquiry, 1, 0, 0, 36}, kInvalidField},
      {{kReadToc, 0, 0, 0, 0, 0, 9, 0, 100}, kInvalidField},
      {{kReadToc, 0, 5, 0, 0, 0, 0, 0, 100}, kInvalidField},
      {{kGetConfiguration, 3}, kInvalidField},
      {{kGetEventStatus, 0, 0, 0, 0x10, 0, 0, 0, 8}, kInvalidField},
      {{kReadDiscInformation, 1, 0, 0, 0, 0, 0, 0, 8}, kInvalidField},
      {{kModeSense10, 0, 0x05, 0, 0, 0, 0, 0, 8}, kInvalidField},
      {{kModeSense10, 0, 0xc0 | kPageCapabilities, 0, 0, 0, 0, 0, 8}, kSavingNotSupported},
      {{kStartStopUnit, 0, 0, 0, 2}, kInvalidField},  // eject
  };
  for (const Wrong& wrong : cases) {
    EXPECT_TRUE(pc.ask(wrong.packet).empty());
    EXPECT_EQ(pc.reg(ata::kStatus), kChecked);
    EXPECT_EQ(pc.reg(ata::kError), wrong.sense.key << 4);
    EXPECT_EQ(pc.sense(), wrong.sense) << testing::PrintToString(wrong.packet);
    EXPECT_EQ(pc.sense(), kNoSense) << "told once";
  }
  EXPECT_TRUE(pc.disks[0]->asked.empty());
}

TEST(Atapi, NothingMovesWhereNothingWasAskedFor) {
  CdPc pc;
  EXPECT_TRUE(pc.ask({atapi::kRead10}).empty()) << "no blocks";
  EXPECT_EQ(pc.reg(ata::kStatus), kReady);
  EXPECT_TRUE(pc.ask({atapi::kInquiry}).empty()) << "no room";
  EXPECT_EQ(pc.reg(ata::kStatus), kReady);
  for (const std::uint16_t limit : {std::uint16_t{0}, std::uint16_t{1}}) {
    EXPECT_TRUE(pc.ask({atapi::kRead10, 0, 0, 0, 0, 0, 0, 0, 1}, limit).empty()) << limit;
    EXPECT_EQ(pc.reg(ata::kStatus), kChecked);
  }
  pc.packet({atapi::kTestUnitReady}, 0, ata::kFeatureOverlap);
  EXPECT_EQ(pc.reg(ata::kError), ata::kAbrt);
}

TEST(Atapi, ADiscThatCannotBeRead) {
  CdPc pc;
  pc.disks[0]->error = EIO;
  EXPECT_TRUE(pc.ask({atapi::kRead10, 0, 0, 0, 0, 5, 0, 0, 1}).empty());
  EXPECT_EQ(pc.reg(ata::kError), 0x30);
  EXPECT_EQ(pc.sense(), atapi::kUnrecoveredRead);
}

TEST(Atapi, ANewCommandEndsAPacketThatIsHalfThere) {
  CdPc pc;
  pc.set(ata::kFeatures, 0);
  pc.command(ata::kPacket);
  pc.out(0x1f0, 0, 2);
  pc.packet({atapi::kTestUnitReady});
  EXPECT_EQ(pc.reg(ata::kStatus), kReady);
  pc.packet({atapi::kRead10, 0, 0, 0, 0, 0, 0, 0, 1});
  pc.loop.run();
  pc.ins(0x1f0, 512);
  EXPECT_TRUE(pc.ask({atapi::kTestUnitReady}).empty());
  EXPECT_EQ(pc.reg(ata::kStatus), kReady);
}

TEST(Atapi, BesideADiskEachHasItsOwn) {
  Pc pc({64, 64}, {.name = "test"}, 1);
  EXPECT_EQ(pc.alt_status(), kReady);
  pc.set(ata::kDevice, ata::kDev);
  EXPECT_EQ(pc.alt_status(), 0);
  pc.packet({atapi::kInquiry, 0, 0, 0, 36});
  EXPECT_EQ(pc.ins(0x1f0, 2)[0], std::byte{5});
  pc.set(ata::kDevice, 0xe0);
  pc.lba28(ata::kReadSectors, 3, 1);
  pc.loop.run();
  EXPECT_EQ(pc.ins(0x1f0, 512), pc.on_disk(3, 1));
  pc.command(ata::kPacket);
  EXPECT_EQ(pc.reg(ata::kError), ata::kAbrt) << "a disk takes no packet";
  pc.command(ata::kExecuteDiagnostic);
  EXPECT_EQ(pc.reg(ata::kStatus), kReady);
}

}  // namespace
}  // namespace skiff::ide_test
