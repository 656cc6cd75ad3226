// When the wire rises, and when not.
#include <chrono>

#include "tests/unit/e1000/e1000_fixture.h"

namespace skiff::e1000_test {
namespace {

using std::chrono::microseconds;
using std::chrono::nanoseconds;

class E1000Interrupt : public E1000Test {};

TEST_F(E1000Interrupt, TheMaskGatesTheWireAndReadingClearsIt) {
  create();
  write(kIcs, kIntLsc);
  EXPECT_FALSE(irq.level);
  write(kIms, kIntLsc);
  EXPECT_TRUE(irq.level);
  EXPECT_EQ(read(kIms), kIntLsc);
  EXPECT_EQ(read(kIcr), kIntLsc);
  EXPECT_FALSE(irq.level);
  EXPECT_EQ(read(kIcr), 0U);
  write(kIcs, kIntLsc | kIntTxdw);
  EXPECT_TRUE(irq.level);
  write(kImc, kIntLsc);
  EXPECT_FALSE(irq.level);
  write(kIms, kIntTxdw);
  EXPECT_TRUE(irq.level);
  write(kIcr, kIntTxdw);  // written ones clear, too
  EXPECT_FALSE(irq.level);
  EXPECT_EQ(read(kIcr), kIntLsc);
  EXPECT_EQ(read(kIcs), 0U);
}

TEST_F(E1000Interrupt, NoUnknownCauseIsKept) {
  create();
  write(kIms, 0xffff'ffff);
  write(kIcs, 0xffff'ffff);
  EXPECT_EQ(read(kIms), kIntAll);
  EXPECT_EQ(read(kIcr), kIntAll);
}

TEST_F(E1000Interrupt, ModerationKeepsTheWireLowForAWhile) {
  create();
  write(kItr, 400);  // 102.4 µs
  write(kIms, kIntTxdw);
  write(kIcs, kIntTxdw);
  EXPECT_TRUE(irq.level);
  read(kIcr);
  clock.advance(microseconds(50));
  write(kIcs, kIntTxdw);
  EXPECT_FALSE(irq.level);
  clock.advance(microseconds(50));
  EXPECT_FALSE(irq.level);
  clock.advance(microseconds(3));
  EXPECT_TRUE(irq.level);
  read(kIcr);
  // After a rest it is as quick as ever.
  clock.advance(microseconds(200));
  write(kIcs, kIntTxdw);
  EXPECT_TRUE(irq.level);
  EXPECT_EQ(irq.edges, 3);
  EXPECT_EQ(card->stats().queues.at(0).interrupts, 3U);
}

TEST_F(E1000Interrupt, AShorterIntervalCountsAtOnce) {
  create();
  write(kIms, kIntTxdw);
  write(kItr, 0xffff);
  write(kIcs, kIntTxdw);
  read(kIcr);
  write(kItr, 0);
  write(kIcs, kIntTxdw);
  EXPECT_TRUE(irq.level);
}

TEST_F(E1000Interrupt, TransmitDelaysGatherWriteBacks) {
  start();
  write(kIms, kIntTxdw);
  write(kTidv, 10);  // 10.24 µs behind the last
  write(kTadv, 30);  // at most 30.72 µs behind the first
  clock.run();
  for (int i = 0; i < 4; ++i) {
    offer_legacy(raw_frame(100), kTxEop | kTxRs | kTxIde);
    ring_transmit();
    EXPECT_TRUE(is_done(static_cast<std::uint32_t>(i)));
    EXPECT_FALSE(irq.level) << i;
    clock.advance(microseconds(7));
  }
  clock.advance(microseconds(2));
  EXPECT_FALSE(irq.level);
  clock.advance(microseconds(1));  // 31 after the first
  EXPECT_TRUE(irq.level);
  EXPECT_EQ(read(kIcr) & kIntTxdw, kIntTxdw);
  offer_legacy(raw_frame(100), kTxEop | kTxRs | kTxIde);
  ring_transmit();
  clock.advance(microseconds(9));
  EXPECT_FALSE(irq.level);
  clock.advance(microseconds(2));
  EXPECT_TRUE(irq.level);
}

TEST_F(E1000Interrupt, WithoutIdeItComesAtOnceAndBringsWhatIsHeld) {
  start();
  write(kIms, kIntTxdw | kIntRxt0);
  write(kTidv, 100);
  write(kRdtr, 100);
  clock.run();
  give(8);
  arrive(raw_frame(100));
  EXPECT_FALSE(irq.level);
  offer_legacy(raw_frame(100));
  ring_transmit();
  EXPECT_TRUE(irq.level);
  EXPECT_EQ(read(kIcr) & (kIntTxdw | kIntRxt0), kIntTxdw | kIntRxt0);
  // Nothing of it comes twice.
  clock.advance(microseconds(1000));
  EXPECT_EQ(read(kIcr) & kIntRxt0, 0U);
}

TEST_F(E1000Interrupt, ReceiveDelayAndItsFlush) {
  start();
  write(kIms, kIntRxt0 | kIntSrpd);
  write(kRdtr, 20);
  write(kRsrpd, 64);
  clock.run();
  give(8);
  arrive(raw_frame(500));
  EXPECT_FALSE(irq.level);
  clock.advance(microseconds(21));
  EXPECT_TRUE(irq.level);
  EXPECT_EQ(read(kIcr) & kIntRxt0, kIntRxt0);
  arrive(raw_frame(500));
  EXPECT_FALSE(irq.level);
  write(kRdtr, kRdtrFpd | 20);
  EXPECT_TRUE(irq.level);
  read(kIcr);
  arrive(raw_frame(60));  // a small one is told of at once
  EXPECT_TRUE(irq.level);
  EXPECT_EQ(read(kIcr) & kIntSrpd, kIntSrpd);
}

TEST_F(E1000Interrupt, TheDriverHearsThatBuffersRunLow) {
  start();
  write(kIms, kIntRxdmt0);
  give(10);
  arrive(raw_frame(100));  // 9 left of 16
  EXPECT_FALSE(irq.level);
  arrive(raw_frame(100));  // half of the ring
  EXPECT_TRUE(irq.level);
  read(kIcr);
  arrive(raw_frame(100));
  EXPECT_FALSE(irq.level);
}

TEST_F(E1000Interrupt, AFunctionsIntxDisableGatesTheWire) {
  create();
  write(kIms, kIntLsc);
  write(kIcs, kIntLsc);
  EXPECT_TRUE(irq.level);
  card->config_write(4, 2, 0x407);
  EXPECT_FALSE(irq.level);
  EXPECT_EQ(card->config_read(6, 2) & 8, 8U);
}

}  // namespace
}  // namespace skiff::e1000_test
