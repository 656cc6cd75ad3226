// The 8259's operation command words: rotation, automatic EOI, special mask, polling, status reads;
// and accesses no driver makes.
#include <random>

#include "tests/unit/intc/pic_fixture.h"

namespace skiff {
namespace {

using namespace pic;

// Raises all lines of the master but the cascade and takes them in the order in which they come.
class PicOrderTest : public PicTest {
 protected:
  std::vector<int> order(bool specific = false) {
    for (const unsigned irq : {0U, 1U, 3U, 4U, 5U, 6U, 7U})
      pulse(irq);
    std::vector<int> taken;
    for (int irq = next(); irq >= 0; irq = next()) {
      taken.push_back(irq);
      command(kMaster, static_cast<std::uint8_t>(specific ? 0x60 | irq : 0x20));
    }
    return taken;
  }
};

TEST_F(PicOrderTest, FixedPriority) {
  EXPECT_EQ(order(), (std::vector{0, 1, 3, 4, 5, 6, 7}));
  EXPECT_EQ(order(true), (std::vector{0, 1, 3, 4, 5, 6, 7}));
}

TEST_F(PicOrderTest, SetPriorityNamesTheLowest) {
  command(kMaster, 0xc0 | 4);
  EXPECT_EQ(order(), (std::vector{5, 6, 7, 0, 1, 3, 4}));
}

TEST_F(PicOrderTest, RotateOnNonSpecificEoiPutsTheServedLineLast) {
  pulse(3);
  EXPECT_EQ(next(), 3);
  command(kMaster, 0xa0);
  EXPECT_EQ(order(), (std::vector{4, 5, 6, 7, 0, 1, 3}));
}

TEST_F(PicOrderTest, RotateOnSpecificEoiPutsTheNamedLineLast) {
  pulse(3);
  EXPECT_EQ(next(), 3);
  command(kMaster, 0xe0 | 3);
  EXPECT_EQ(isr(kMaster), 0U);
  EXPECT_EQ(order(), (std::vector{4, 5, 6, 7, 0, 1, 3}));
}

TEST_F(PicOrderTest, RotateWithoutAnythingInServiceChangesNothing) {
  command(kMaster, 0xa0);
  EXPECT_EQ(order(), (std::vector{0, 1, 3, 4, 5, 6, 7}));
}

TEST_F(PicTest, AutomaticEoiLeavesNothingInService) {
  initialize(0x03);
  raise(4);
  EXPECT_EQ(next(), 4);
  EXPECT_EQ(isr(kMaster), 0U);
  raise(5);
  EXPECT_EQ(next(), 5);
}

TEST_F(PicTest, RotationInAutomaticEoi) {
  initialize(0x03);
  command(kMaster, 0x80);
  pulse(0);
  EXPECT_EQ(next(), 0);
  pulse(0);
  pulse(1);
  EXPECT_EQ(next(), 1) << "0 has become the lowest";
  EXPECT_EQ(next(), 0);
  command(kMaster, 0x00);
  pulse(0);
  pulse(1);
  EXPECT_EQ(next(), 1);
  EXPECT_EQ(next(), 0) << "cleared: no longer rotating";
  pulse(0);
  pulse(1);
  EXPECT_EQ(next(), 1);
}

TEST_F(PicTest, SpecificEoiEndsTheOneItNames) {
  pulse(3);
  EXPECT_EQ(next(), 3);
  pulse(1);
  EXPECT_EQ(next(), 1);
  command(kMaster, 0x60 | 3);
  EXPECT_EQ(isr(kMaster), 0x02U);
  command(kMaster, 0x40);  // no operation
  EXPECT_EQ(isr(kMaster), 0x02U);
}

TEST_F(PicTest, SpecialMaskLetsLowerLinesPassAMaskedOneInService) {
  pulse(3);
  EXPECT_EQ(next(), 3);
  pulse(5);
  EXPECT_EQ(next(), -1);
  command(kMaster, 0x68);  // ESMM, SMM
  data(kMaster, 0x08);
  EXPECT_EQ(next(), 5);
  command(kMaster, 0x20);
  EXPECT_EQ(isr(kMaster), 0x08U) << "a masked bit is not cleared by a non-specific EOI";
  command(kMaster, 0x08);  // without ESMM the mode stays
  pulse(6);
  EXPECT_EQ(next(), 6);
  command(kMaster, 0x20);
  command(kMaster, 0x48);  // ESMM, no SMM
  pulse(7);
  EXPECT_EQ(next(), -1);
}

TEST_F(PicTest, StatusReadsStayChosen) {
  raise(4);
  EXPECT_EQ(next(), 4);
  raise(6);
  EXPECT_EQ(read_command(kMaster), 0x40U);
  command(kMaster, 0x0b);
  EXPECT_EQ(read_command(kMaster), 0x10U);
  EXPECT_EQ(read_command(kMaster), 0x10U);
  command(kMaster, 0x08);  // RR clear: no change
  EXPECT_EQ(read_command(kMaster), 0x10U);
  command(kMaster, 0x0a);
  EXPECT_EQ(read_command(kMaster), 0x40U);
}

TEST_F(PicTest, APollIsAnAcknowledge) {
  raise(4);
  command(kMaster, 0x0c);
  EXPECT_EQ(read_command(kMaster), 0x84U);
  EXPECT_EQ(isr(kMaster), 0x10U);
  EXPECT_FALSE(intr_.level);
  command(kMaster, 0x0e);  // P and RR: the poll goes first
  EXPECT_EQ(read_command(kMaster), 0U) << "nothing of higher priority";
  EXPECT_EQ(read_command(kMaster), 0U) << "IRR again: a poll is one read";
}

TEST_F(PicTest, ASlaveIsPolledBehindItsMaster) {
  raise(12);
  command(kMaster, 0x0c);
  EXPECT_EQ(read_command(kMaster), 0x82U);
  command(kSlave, 0x0c);
  EXPECT_EQ(read_register(pair_, kSlave + 1), 0x84U) << "at either address";
  EXPECT_EQ(isr(kSlave), 0x10U);
}

TEST_F(PicTest, AnyAccessKeepsIntWhereTheRegistersSay) {
  std::mt19937 random(3);
  for (int step = 0; step < 200'000; ++step) {
    const std::uint64_t offset = random() % (kRegisters + 1);
    switch (random() % 4) {
      case 0:
        write_register(pair_, offset, random());
        break;
      case 1:
        EXPECT_LE(read_register(pair_, offset), 0xffU);
        break;
      case 2:
        pair_.pin(static_cast<unsigned>(random() % PicPair::kPins)).set_level(random() % 2 != 0);
        break;
      default:
        if (intr_.level) pair_.acknowledge();
    }
    const PicPair::State state = pair_.state();
    ASSERT_EQ(intr_.level, state.master.winner().has_value()) << step;
    ASSERT_EQ((state.master.lines & 4) != 0, state.slave.winner().has_value()) << step;
  }
  EXPECT_EQ(pair_.spurious(), 0U);
}

TEST_F(PicTest, OnlyBytesAtKnownPorts) {
  for (const std::uint8_t width : std::initializer_list<std::uint8_t>{0, 2, 3, 4, 8, 255}) {
    std::uint64_t value = 7;
    EXPECT_EQ(pair_.read({0, width}, value), IoStatus::bad_width);
    EXPECT_EQ(pair_.write({0, width}, 0x11), IoStatus::bad_width);
    EXPECT_EQ(value, 7U);
  }
  for (const std::uint64_t offset : {kRegisters, std::uint64_t{0x100}, ~std::uint64_t{0}}) {
    EXPECT_EQ(write_register(pair_, offset, 0), IoStatus::no_such_register);
    EXPECT_EQ(pair_.register_name(offset, true), "");
  }
  for (std::uint64_t offset = 0; offset < kRegisters; ++offset)
    EXPECT_NE(pair_.register_name(offset, false), "");
}

TEST_F(PicTest, StateGoesInAndOut) {
  raise(4);
  EXPECT_EQ(next(), 4);
  raise(1);
  const PicPair::State saved = pair_.state();
  FakeIrqSink intr;
  PicPair other("other", &intr);
  other.restore(saved);
  EXPECT_EQ(other.state(), saved);
  EXPECT_TRUE(intr.level);
  EXPECT_EQ(other.acknowledge(), kBase + 1);
}

TEST_F(PicTest, WithoutAProcessorNothingHappens) {
  PicPair lone("lone", nullptr);
  lone.pin(0).set_level(true);
  EXPECT_EQ(lone.acknowledge(), 7);
}

}  // namespace
}  // namespace skiff
