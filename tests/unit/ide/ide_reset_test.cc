// Resets in every moment.
#include <gtest/gtest.h>

#include "tests/unit/ide/ide_fixture.h"

namespace skiff::ide_test {
namespace {

TEST(IdeReset, SoftwareResetWithNothingUnderWay) {
  Pc pc({64, 64});
  pc.set(ata::kDevice, 0xf0);
  pc.set(ata::kCount, 7);
  pc.control(ata::kSrst);
  EXPECT_EQ(pc.alt_status(), ata::kBsy);
  pc.command(ata::kIdentifyDevice);
  pc.set(ata::kCount, 9);
  pc.control(0);
  EXPECT_EQ(pc.alt_status(), kReady);
  EXPECT_EQ(pc.reg(ata::kDevice) & ata::kDev, 0);
  EXPECT_EQ(pc.reg(ata::kCount), 1);
  EXPECT_EQ(pc.reg(ata::kError), 1);
  EXPECT_FALSE(pc.irqs[0].level);
}

TEST(IdeReset, AWriteUnderWayIsDoneBeforeTheResetIs) {
  for (const bool released_first : {true, false}) {
    Pc pc;
    const auto data = bytes_of_value(512, 4);
    pc.lba28(ata::kWriteSectors, 9, 1);
    pc.outs(0x1f0, data);
    pc.control(ata::kSrst);
    if (released_first) {
      pc.control(0);
      EXPECT_EQ(pc.alt_status() & ata::kBsy, ata::kBsy);
      pc.loop.run();
    } else {
      pc.loop.run();
      EXPECT_EQ(pc.alt_status(), ata::kBsy);
      pc.control(0);
    }
    EXPECT_EQ(pc.on_disk(9, 1), data);
    EXPECT_EQ(pc.alt_status(), kReady);
    EXPECT_FALSE(pc.irqs[0].level) << "the command's interrupt went with it";
    pc.lba28(ata::kReadSectors, 9, 1);
    pc.loop.run();
    EXPECT_EQ(pc.ins(0x1f0, 512), data);
  }
}

TEST(IdeReset, AReadUnderWayGivesNothingAfterwards) {
  Pc pc;
  pc.lba28(ata::kReadSectors, 9, 1);
  pc.control(ata::kSrst);
  pc.control(0);
  pc.control(ata::kSrst);
  pc.control(0);
  pc.loop.run();
  EXPECT_EQ(pc.alt_status(), kReady);
  EXPECT_EQ(pc.in(0x1f0, 2), 0xffffU);
}

TEST(IdeReset, HardwareResetPutsEverythingBack) {
  Pc pc;
  pc.set(ata::kFeatures, ata::kKeepDefaults);
  pc.command(ata::kSetFeatures);
  pc.set(ata::kCount, 4);
  pc.command(ata::kSetMultiple);
  pc.control(ata::kSrst);
  pc.control(0);
  EXPECT_EQ(pc.identify_word(59), 0x0104) << "kept through the software reset";
  pc.prds({{0x8000, 512}});
  pc.controller->config_write(ide::kIdetim, 2, 0);
  pc.controller->reset();
  pc.loop.run();
  EXPECT_EQ(pc.alt_status(), kReady);
  EXPECT_EQ(pc.reg(ata::kCount), 1);
  EXPECT_EQ(pc.identify_word(59), 0x0110);
}

TEST(IdeReset, TheControllerEndsWithAJobUnderWay) {
  Pc pc;
  pc.lba28(ata::kWriteSectors, 0, 1);
  pc.outs(0x1f0, bytes_of_value(512, 4));
  pc.controller.reset();
  pc.loop.run();
}

}  // namespace
}  // namespace skiff::ide_test
