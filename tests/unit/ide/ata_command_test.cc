// Commands that move no data of the disk, device selection, and what refuses.
#include <gtest/gtest.h>

#include <cerrno>

#include "tests/unit/ide/ide_fixture.h"

namespace skiff::ide_test {
namespace {

constexpr std::uint8_t kAborted = kReady | ata::kErr;

TEST(AtaCommand, SignatureAndStatusAfterPowerOn) {
  Pc pc;
  EXPECT_EQ(pc.alt_status(), kReady);
  EXPECT_EQ(pc.reg(ata::kError), 1);
  EXPECT_EQ(pc.reg(ata::kCount), 1);
  EXPECT_EQ(pc.reg(ata::kLbaLow), 1);
  EXPECT_EQ(pc.reg(ata::kLbaMid), 0);
  EXPECT_EQ(pc.reg(ata::kLbaHigh), 0);
  EXPECT_FALSE(pc.irqs[0].level);
}

TEST(AtaCommand, HobShowsThePreviousContentUntilTheNextWrite) {
  Pc pc;
  pc.set(ata::kCount, 0x12);
  pc.set(ata::kCount, 0x34);
  EXPECT_EQ(pc.reg(ata::kCount), 0x34);
  pc.control(ata::kHob);
  EXPECT_EQ(pc.reg(ata::kCount), 0x12);
  pc.set(ata::kLbaLow, 9);
  EXPECT_EQ(pc.reg(ata::kCount), 0x34);
}

TEST(AtaCommand, ADeviceThatIsNotThereReadsAsZeroAndTakesNoCommand) {
  Pc pc;
  pc.set(ata::kDevice, 0xb0);
  EXPECT_EQ(pc.reg(ata::kStatus), 0);
  EXPECT_EQ(pc.alt_status(), 0);
  pc.command(ata::kIdentifyDevice);
  EXPECT_EQ(pc.reg(ata::kStatus), 0);
  EXPECT_FALSE(pc.irqs[0].level);
  pc.set(ata::kDevice, 0xa0);
  EXPECT_EQ(pc.reg(ata::kStatus), kReady);
}

TEST(AtaCommand, AChannelWithoutDisksIsNotDecoded) {
  Pc pc;
  EXPECT_EQ(pc.in(0x177), 0xffU);
  EXPECT_EQ(pc.controller->config_read(ide::kIdetim, 4), ide::kIdetimDecode);
  Pc three({64, 64, 64});
  EXPECT_EQ(three.in(0x177), kReady);
  three.controller->config_write(ide::kIdetim + 2, 2, 0);
  EXPECT_EQ(three.in(0x177), 0xffU);
  EXPECT_EQ(three.in(0x376), 0xffU);
  EXPECT_EQ(three.ins(0x170, 4), std::vector<std::byte>(4, std::byte{0xff}));
  three.controller->config_write(ide::kIdetim + 2, 2, ide::kIdetimDecode);
  EXPECT_EQ(three.in(0x376), kReady);
}

TEST(AtaCommand, TwoDrivesOfAChannelKeepTheirOwnAnswers) {
  Pc pc({64, 128});
  pc.lba28(ata::kReadNativeMax, 0, 1);
  EXPECT_EQ(pc.reg(ata::kStatus), kReady);
  EXPECT_EQ(pc.reg(ata::kLbaLow), 63);
  pc.lba28(ata::kReadNativeMax, 0, 1, ata::kDev);
  EXPECT_TRUE(pc.irqs[0].level);
  EXPECT_EQ(pc.reg(ata::kLbaLow), 127);
  pc.set(ata::kDevice, 0xe0);
  EXPECT_FALSE(pc.irqs[0].level) << "only the selected device drives INTRQ";
  pc.set(ata::kDevice, 0xf0);
  EXPECT_TRUE(pc.irqs[0].level);
  EXPECT_EQ(pc.reg(ata::kDevice) & ata::kDev, ata::kDev);
}

TEST(AtaCommand, IntrqIsClearedByStatusNotByAlternateStatusAndGatedByNien) {
  Pc pc;
  pc.command(ata::kSeek);
  EXPECT_TRUE(pc.irqs[0].level);
  EXPECT_EQ(pc.alt_status(), kReady);
  EXPECT_TRUE(pc.irqs[0].level);
  pc.control(ata::kNien);
  EXPECT_FALSE(pc.irqs[0].level);
  pc.control(0);
  EXPECT_TRUE(pc.irqs[0].level);
  EXPECT_EQ(pc.reg(ata::kStatus), kReady);
  EXPECT_FALSE(pc.irqs[0].level);
}

TEST(AtaCommand, ThoseWithoutDataSucceed) {
  Pc pc;
  pc.set(ata::kCount, 63);
  for (const int code : {0x10, 0x1f, 0x70, 0x7f, 0x91, 0x94, 0x95, 0x96, 0x97, 0xe0, 0xe1, 0xe2,
                         0xe3, 0xe6, 0xf8, 0x27}) {
    pc.command(static_cast<std::uint8_t>(code));
    EXPECT_TRUE(pc.irqs[0].level) << code;
    EXPECT_EQ(pc.reg(ata::kStatus), kReady) << code;
  }
}

TEST(AtaCommand, UnknownOnesAreAborted) {
  Pc pc;
  for (const int code : {0x00, 0x08, 0xa0, 0xa1, 0xb0, 0xc7, 0xcc, 0xe4, 0xe8, 0xf1, 0xff}) {
    pc.command(static_cast<std::uint8_t>(code));
    EXPECT_TRUE(pc.irqs[0].level) << code;
    EXPECT_EQ(pc.reg(ata::kStatus), kAborted) << code;
    EXPECT_EQ(pc.reg(ata::kError), ata::kAbrt) << code;
  }
  pc.command(ata::kSeek);
  EXPECT_EQ(pc.reg(ata::kStatus), kReady);
}

TEST(AtaCommand, PowerModes) {
  Pc pc;
  pc.command(ata::kStandbyImmediate);
  pc.command(ata::kCheckPowerMode);
  EXPECT_EQ(pc.reg(ata::kCount), 0);
  pc.lba28(ata::kReadVerify, 0, 1);
  pc.loop.run();
  pc.command(ata::kCheckPowerMode);
  EXPECT_EQ(pc.reg(ata::kCount), 0xff);
}

TEST(AtaCommand, SetFeaturesIsSeenInIdentify) {
  Pc pc;
  const auto feature = [&](std::uint8_t which, std::uint8_t count = 0) {
    pc.set(ata::kFeatures, which);
    pc.set(ata::kCount, count);
    pc.command(ata::kSetFeatures);
    return pc.reg(ata::kStatus);
  };
  EXPECT_EQ(pc.identify_word(85) & 0x60, 0x60);
  EXPECT_EQ(feature(ata::kDisableWriteCache), kReady);
  EXPECT_EQ(feature(ata::kDisableLookAhead), kReady);
  EXPECT_EQ(pc.identify_word(85) & 0x60, 0);
  EXPECT_EQ(feature(ata::kSetTransferMode, 0x45), kReady);
  EXPECT_EQ(pc.identify_word(88), 0x203f);
  EXPECT_EQ(feature(ata::kSetTransferMode, 0x22), kReady);
  EXPECT_EQ(pc.identify_word(88), 0x003f);
  EXPECT_EQ(pc.identify_word(63), 0x0407);
  for (const int mode : {0x02, 0x0d, 0x10, 0x23, 0x46, 0x80})
    EXPECT_EQ(feature(ata::kSetTransferMode, static_cast<std::uint8_t>(mode)), kAborted) << mode;
  EXPECT_EQ(feature(0x05), kAborted);
}

TEST(AtaCommand, SetMultipleTakesPowersOfTwoUpToSixteen) {
  Pc pc;
  EXPECT_EQ(pc.identify_word(59), 0x0110) << "on without being asked for";
  for (unsigned sectors = 0; sectors < 256; ++sectors) {
    pc.set(ata::kCount, sectors);
    pc.command(ata::kSetMultiple);
    const bool good = sectors <= 16 && (sectors & (sectors - 1)) == 0;
    EXPECT_EQ(pc.reg(ata::kStatus), good ? kReady : kAborted) << sectors;
  }
  pc.lba28(ata::kReadMultiple, 0, 1);
  EXPECT_EQ(pc.reg(ata::kStatus), kAborted) << "a refused size switches it off";
}

TEST(AtaCommand, FlushAsksTheDiskAndIsBusyUntilItIsDone) {
  Pc pc;
  pc.command(ata::kFlushCacheExt);
  EXPECT_EQ(pc.alt_status() & ata::kBsy, ata::kBsy);
  EXPECT_FALSE(pc.irqs[0].level);
  pc.loop.run();
  EXPECT_TRUE(pc.irqs[0].level);
  EXPECT_EQ(pc.reg(ata::kStatus), kReady);
  ASSERT_EQ(pc.disks[0]->asked.size(), 1U);
  EXPECT_EQ(pc.disks[0]->asked[0].operation, DiskOperation::flush);
  pc.disks[0]->error = EIO;
  pc.command(ata::kFlushCache);
  pc.loop.run();
  EXPECT_EQ(pc.reg(ata::kStatus), kReady | ata::kErr | ata::kDf);
}

TEST(AtaCommand, WhileBusyRegistersTakeNothing) {
  Pc pc({64, 64});
  pc.lba28(ata::kReadSectors, 3, 1);
  ASSERT_EQ(pc.alt_status() & ata::kBsy, ata::kBsy);
  pc.set(ata::kDevice, 0xf0);
  pc.set(ata::kLbaLow, 77);
  pc.command(ata::kIdentifyDevice);
  EXPECT_EQ(pc.reg(ata::kDevice) & ata::kDev, 0);
  EXPECT_EQ(pc.reg(ata::kLbaLow), 3);
  pc.loop.run();
  EXPECT_EQ(pc.ins(0x1f0, 512), pc.on_disk(3, 1));
}

TEST(AtaCommand, RangesBeyondTheEndAreNotFound) {
  Pc pc({100});
  for (const std::uint8_t code :
       {ata::kReadSectors, ata::kWriteSectors, ata::kReadDma, ata::kWriteDma, ata::kReadVerify}) {
    pc.lba28(code, 99, 2);
    EXPECT_EQ(pc.reg(ata::kStatus), kAborted) << int{code};
    EXPECT_EQ(pc.reg(ata::kError), ata::kIdnf) << int{code};
    pc.lba28(code, 100, 1);
    EXPECT_EQ(pc.reg(ata::kStatus), kAborted);
    pc.lba28(code, 0, 0);  // 256
    EXPECT_EQ(pc.reg(ata::kStatus), kAborted);
  }
  pc.lba48(ata::kReadSectorsExt, (1ULL << 48) - 1, 1);
  EXPECT_EQ(pc.reg(ata::kError), ata::kIdnf);
  EXPECT_TRUE(pc.disks[0]->asked.empty());
}

TEST(AtaCommand, AReadOnlyDiskRefusesWrites) {
  Pc pc({100}, {.name = "ro", .read_only = true, .can_discard = true});
  for (const std::uint8_t code : {ata::kWriteSectors, ata::kWriteDma, ata::kDataSetManagement}) {
    pc.set(ata::kFeatures, ata::kTrim);
    pc.lba28(code, 0, 1);
    EXPECT_EQ(pc.reg(ata::kStatus), kAborted) << int{code};
  }
  EXPECT_EQ(pc.identify_word(169), 0);
}

TEST(AtaCommand, DiagnosticAnswersForBothDrivesAndSelectsTheFirst) {
  Pc pc({64, 64});
  pc.set(ata::kDevice, 0xf0);
  pc.command(ata::kExecuteDiagnostic);
  EXPECT_TRUE(pc.irqs[0].level);
  EXPECT_EQ(pc.reg(ata::kDevice) & ata::kDev, 0);
  EXPECT_EQ(pc.reg(ata::kError), 1);
  EXPECT_EQ(pc.reg(ata::kCount), 1);
  EXPECT_EQ(pc.reg(ata::kStatus), kReady);
}

TEST(AtaCommand, InitializeParametersChangesWhatCylindersMean) {
  Pc pc;
  pc.set(ata::kDevice, 0xa1);  // two heads
  pc.set(ata::kCount, 10);
  pc.command(ata::kInitializeParameters);
  ASSERT_EQ(pc.reg(ata::kStatus), kReady);
  EXPECT_EQ(pc.identify_word(54), kSectors / 20);
  pc.set(ata::kDevice, 0xa1);
  pc.set(ata::kCount, 1);
  pc.set(ata::kLbaLow, 4);
  pc.set(ata::kLbaMid, 2);
  pc.set(ata::kLbaHigh, 0);
  pc.command(ata::kReadSectors);
  pc.loop.run();
  EXPECT_EQ(pc.ins(0x1f0, 512), pc.on_disk((2 * 2 + 1) * 10 + 3, 1));
}

}  // namespace
}  // namespace skiff::ide_test
