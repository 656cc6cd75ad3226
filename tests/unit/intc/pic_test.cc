// The 8259 pair: requests, priorities, ends of interrupts, edges and levels (8259A data sheet).
#include <string>

#include "tests/unit/intc/pic_fixture.h"

namespace skiff {
namespace {

using namespace pic;

TEST_F(PicTest, NothingInterruptsBeforeTheInitializationIsComplete) {
  FakeIrqSink intr;
  PicPair fresh("pic", &intr);
  fresh.pin(0).set_level(true);
  EXPECT_FALSE(intr.level);
  for (const std::uint8_t word : std::initializer_list<std::uint8_t>{0x20, 0x04}) {
    write_register(fresh, kMaster, 0x11);
    write_register(fresh, kMaster + 1, word);
    fresh.pin(1).set_level(true);
    EXPECT_FALSE(intr.level) << "ICW3 and ICW4 are missing";
    fresh.pin(1).set_level(false);
  }
}

TEST_F(PicTest, EachLineHasItsVector) {
  for (unsigned irq = 0; irq < PicPair::kPins; ++irq) {
    if (irq == kCascade) continue;
    raise(irq);
    EXPECT_EQ(next(), static_cast<int>(irq));
    EXPECT_FALSE(intr_.level);
    if (irq >= 8) eoi(kSlave);
    eoi();
    lower(irq);
  }
  EXPECT_EQ(pair_.spurious(), 0U);
}

TEST_F(PicTest, TheCascadeIsNobodysLine) {
  raise(2);
  EXPECT_FALSE(intr_.level);
  EXPECT_EQ(read_command(kMaster), 0U);
}

struct Init {
  const char* what;
  std::uint8_t icw1;
  std::vector<std::uint8_t> words;  // until the chip takes OCW1 again
};
TEST_F(PicTest, InitializationTakesTheWordsThatIcw1AsksFor) {
  const Init cases[] = {
      {"cascade, ICW4", 0x11, {0x40, 0x04, 0x01}},
      {"cascade, no ICW4", 0x10, {0x40, 0x04}},
      {"single, ICW4", 0x13, {0x40, 0x01}},
      {"single, no ICW4", 0x12, {0x40}},
  };
  for (const Init& each : cases) {
    data(kMaster, 0x55);
    command(kMaster, each.icw1);
    EXPECT_EQ(read_register(pair_, kMaster + 1), 0U) << each.what << ": IMR is cleared";
    for (const std::uint8_t word : each.words)
      data(kMaster, word);
    data(kMaster, 0xfe);
    EXPECT_EQ(read_register(pair_, kMaster + 1), 0xfeU) << each.what;
    pulse(0);
    EXPECT_EQ(pair_.acknowledge(), 0x40) << each.what;
    eoi();
  }
}

TEST_F(PicTest, Icw1ForgetsEdgesAndWhatIsInService) {
  raise(3);
  raise(4);
  EXPECT_EQ(next(), 3);
  initialize();
  EXPECT_EQ(isr(kMaster), 0U);
  EXPECT_FALSE(intr_.level)
      << "following initialization an input must make a low-to-high transition";
  lower(4);
  raise(4);
  EXPECT_EQ(next(), 4);
}

TEST_F(PicTest, LowerNumbersGoFirstAndInterruptHigherOnes) {
  raise(5);
  raise(3);
  EXPECT_EQ(next(), 3);
  EXPECT_FALSE(intr_.level) << "5 waits for 3 to end";
  raise(1);
  EXPECT_EQ(next(), 1);
  EXPECT_EQ(isr(kMaster), 0x0aU);
  eoi();
  EXPECT_EQ(isr(kMaster), 0x08U) << "a non-specific EOI ends the highest";
  EXPECT_FALSE(intr_.level);
  eoi();
  EXPECT_EQ(next(), 5);
}

TEST_F(PicTest, ASlavesInterruptStandsWhereTheCascadeDoes) {
  raise(3);
  raise(15);
  raise(8);
  EXPECT_EQ(next(), 8) << "the slave's lines come between IRQ 1 and IRQ 3";
  EXPECT_EQ(isr(kMaster), 0x04U);
  EXPECT_EQ(isr(kSlave), 0x01U);
  EXPECT_FALSE(intr_.level);
  eoi(kSlave);
  EXPECT_FALSE(intr_.level) << "the master still serves its slave";
  eoi();
  EXPECT_EQ(next(), 15);
  eoi(kSlave);
  eoi();
  EXPECT_EQ(next(), 3);
}

TEST_F(PicTest, ASlavesHigherInterruptWaitsUnlessSpeciallyFullyNested) {
  raise(15);
  EXPECT_EQ(next(), 15);
  raise(8);
  EXPECT_FALSE(intr_.level) << "the master holds back the line that is in service";

  lower(15);
  lower(8);
  initialize(0x11);  // SFNM in the master
  pulse(15);
  EXPECT_EQ(next(), 15);
  raise(8);
  EXPECT_EQ(next(), 8);
  raise(3);
  EXPECT_FALSE(intr_.level) << "IRQ 3 is lower than the cascade all the same";
}

TEST_F(PicTest, MasksHoldRequestsBackButDoNotLoseThem) {
  data(kMaster, 0x10);
  raise(4);
  EXPECT_FALSE(intr_.level);
  EXPECT_EQ(read_command(kMaster), 0x10U) << "IRR shows it";
  data(kMaster, 0x00);
  EXPECT_EQ(next(), 4);
}

TEST_F(PicTest, AMaskThatIsSetTakesIntBack) {
  raise(4);
  EXPECT_TRUE(intr_.level);
  data(kMaster, 0xff);
  EXPECT_FALSE(intr_.level);
}

TEST_F(PicTest, AnEdgeIsOneInterruptHoweverLongItIsUp) {
  raise(4);
  EXPECT_EQ(next(), 4);
  eoi();
  EXPECT_FALSE(intr_.level);
  raise(4);
  EXPECT_FALSE(intr_.level) << "no new edge";
  lower(4);
  raise(4);
  EXPECT_EQ(next(), 4);
}

TEST_F(PicTest, APulseIsNotLost) {
  pulse(4);
  EXPECT_EQ(next(), 4);
}

TEST_F(PicTest, ALevelInterruptsUntilItIsGone) {
  write_register(pair_, kElcr + 1, 0x04);  // IRQ 10
  raise(10);
  EXPECT_EQ(next(), 10);
  eoi(kSlave);
  eoi();
  EXPECT_EQ(next(), 10) << "it is still up";
  lower(10);
  eoi(kSlave);
  eoi();
  EXPECT_FALSE(intr_.level);
  raise(10);
  lower(10);
  EXPECT_FALSE(intr_.level) << "a level that goes before it is acknowledged leaves nothing";
}

TEST_F(PicTest, ElcrKeepsTheOldLinesEdges) {
  write_register(pair_, kElcr, 0xff);
  write_register(pair_, kElcr + 1, 0xff);
  EXPECT_EQ(read_register(pair_, kElcr), 0xf8U);
  EXPECT_EQ(read_register(pair_, kElcr + 1), 0xdeU);
  pair_.set_level_triggered(0x0e20);
  EXPECT_EQ(read_register(pair_, kElcr), 0x20U);
  EXPECT_EQ(read_register(pair_, kElcr + 1), 0x0eU);
}

TEST_F(PicTest, WithoutARequestTheProcessorGetsIr7AndNothingIsInService) {
  EXPECT_EQ(pair_.acknowledge(), kBase + 7);
  EXPECT_EQ(isr(kMaster), 0U);
  EXPECT_EQ(pair_.spurious(), 1U);
  raise(7);
  EXPECT_EQ(next(), 7);
  EXPECT_EQ(isr(kMaster), 0x80U) << "how a handler tells the true one";
}

TEST_F(PicTest, IntIsDrivenOnlyWhenItChanges) {
  raise(4);
  raise(5);
  raise(6);
  EXPECT_EQ(intr_.edges, 1);
  EXPECT_EQ(next(), 4);
  lower(5);
  EXPECT_EQ(intr_.history.size(), 2U);
}

TEST_F(PicTest, SaysWhatWaits) {
  EXPECT_EQ(pair_.describe(), "no interrupt waits");
  data(kMaster, 0x10);
  raise(4);
  raise(0);
  EXPECT_EQ(next(), 0);
  raise(12);
  EXPECT_EQ(pair_.describe(), "IRQ 0 is in service, IRQ 4 waits, masked, IRQ 12 waits");
}

}  // namespace
}  // namespace skiff
