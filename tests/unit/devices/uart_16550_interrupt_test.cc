// The 16550's interrupts: PC16550D data sheet, 8.6 and table IV, and what drivers make of them.
#include "tests/unit/devices/uart_fixture.h"

namespace skiff {
namespace {

using namespace uart_16550;

TEST_F(UartTest, Out2GatesTheWire) {
  out(kIer, kIerEtbei);
  EXPECT_FALSE(irq.level);
  out(kMcr, kMcrOut2);
  EXPECT_TRUE(irq.level);
  out(kMcr, 0);
  EXPECT_FALSE(irq.level);
}

TEST_F(UartTest, ThrEmptyIsClearedByReadingIirAndSetByWritingThr) {
  open(kIerEtbei);
  EXPECT_TRUE(irq.level);
  EXPECT_EQ(interrupt(), kIirThrEmpty);
  EXPECT_FALSE(irq.level);
  EXPECT_EQ(interrupt(), kIirNone);
  out(kThr, 'x');
  EXPECT_TRUE(irq.level);
  EXPECT_EQ(interrupt(), kIirThrEmpty);
}

// Linux, serial8250_do_startup: a port that fails this gets a timer instead of its interrupt.
TEST_F(UartTest, ThrEmptyComesBackWhenSwitchedOffAndOn) {
  open(kIerEtbei);
  EXPECT_EQ(interrupt(), kIirThrEmpty);
  out(kIer, kIerEtbei);
  EXPECT_EQ(interrupt(), kIirNone) << "it was on: no new event";
  out(kIer, 0);
  out(kIer, kIerEtbei);
  EXPECT_EQ(interrupt(), kIirThrEmpty);
}

TEST_F(UartTest, ReadingIirClearsThrEmptyOnlyWhereItIsTheSource) {
  open(kIerErbfi | kIerEtbei);
  receive("x");
  EXPECT_EQ(interrupt(), kIirTimeout);
  in(kRbr);
  EXPECT_EQ(interrupt(), kIirThrEmpty);
}

// A guest that serves the interrupt by writing the next byte, without reading IIR, has a controller
// that waits for an edge.
TEST_F(UartTest, WritingThrIsANewEdge) {
  open(kIerEtbei);
  const int before = irq.edges;
  out(kThr, 'a');
  EXPECT_EQ(irq.edges, before + 1);
  out(kThr, 'b');
  EXPECT_EQ(irq.edges, before + 2);
  EXPECT_TRUE(irq.level);
}

TEST_F(UartTest, PrioritiesAreLineStatusDataThrModem) {
  open(0x0f);
  interrupt();
  out(kMcr, kMcrOut2 | kMcrLoop | kMcrOut1);
  out(kMcr, kMcrOut2 | kMcrLoop);  // ring's trailing edge
  for (unsigned i = 0; i < 17; ++i)
    out(kThr, i);
  EXPECT_TRUE(irq.level);
  EXPECT_EQ(interrupt(), kIirLineStatus);
  in(kLsr);
  EXPECT_EQ(interrupt(), kIirDataAvailable);
  read_all();
  EXPECT_EQ(interrupt(), kIirThrEmpty);
  EXPECT_EQ(interrupt(), kIirModemStatus);
  EXPECT_TRUE(irq.level);
  in(kMsr);
  EXPECT_EQ(interrupt(), kIirNone);
  EXPECT_FALSE(irq.level);
}

TEST_F(UartTest, TriggerLevelsAndTimeout) {
  const unsigned levels[] = {1, 4, 8, 14};
  for (unsigned selector = 0; selector < 4; ++selector) {
    open(kIerErbfi, (selector << 6) | 3);
    for (unsigned count = 1; count <= 16; ++count) {
      EXPECT_EQ(receive("x"), 1U);
      EXPECT_EQ(interrupt(), count < levels[selector] ? kIirTimeout : kIirDataAvailable)
          << selector << " " << count;
      EXPECT_TRUE(irq.level);
    }
    EXPECT_EQ(read_all().size(), 16U);
    EXPECT_FALSE(irq.level);
  }
}

TEST_F(UartTest, WithoutFifosThereIsNoTimeout) {
  open(kIerErbfi, 0);
  EXPECT_EQ(receive("xy"), 1U);
  EXPECT_EQ(in(kIir), kIirDataAvailable);
  EXPECT_EQ(read_all(), "x");
}

TEST_F(UartTest, BreakArrivesInOrderWithItsCharacter) {
  open(kIerErbfi | kIerElsi);
  EXPECT_EQ(receive("a"), 1U);
  uart.receive_break();
  EXPECT_EQ(receive("h"), 1U);
  EXPECT_EQ(interrupt(), kIirTimeout) << "the break is not at the top yet";
  EXPECT_EQ(in(kLsr), 0x60 | kLsrDr | kLsrFifoError);
  EXPECT_EQ(in(kRbr), 'a');
  EXPECT_EQ(interrupt(), kIirLineStatus);
  EXPECT_EQ(in(kLsr), 0x60 | kLsrDr | kLsrBi | kLsrFe | kLsrFifoError);
  EXPECT_EQ(in(kLsr), 0x60 | kLsrDr);
  EXPECT_EQ(in(kRbr), 0);
  EXPECT_EQ(in(kRbr), 'h');
  EXPECT_EQ(in(kLsr), 0x60);
}

TEST_F(UartTest, BreakWaitsForRoomAndHoldsTheLine) {
  open(kIerErbfi | kIerElsi);
  EXPECT_EQ(receive("0123456789abcdef"), 16U);
  uart.receive_break();
  EXPECT_EQ(receive("x"), 0U);
  EXPECT_EQ(in(kRbr), '0');
  EXPECT_EQ(receive("x"), 0U) << "the break has taken the room";
  while ((in(kLsr)&kLsrBi) == 0)
    in(kRbr);
  EXPECT_EQ(in(kRbr), 0);
  EXPECT_EQ(listener.calls, 1);
}

TEST_F(UartTest, FullSinkWithholdsThrEmpty) {
  open(kIerEtbei);
  sink.set_room(1);
  interrupt();
  out(kThr, 'a');
  EXPECT_FALSE(irq.level);
  EXPECT_EQ(interrupt(), kIirNone);
  EXPECT_EQ(in(kLsr), 0);
  EXPECT_EQ(write_register(uart, kThr, 'b'), IoStatus::busy);
  EXPECT_EQ(sink.text(), "a");
  uart.on_transmit_room();
  EXPECT_EQ(interrupt(), kIirNone) << "there is none";
  sink.set_room(5);
  uart.on_transmit_room();
  EXPECT_TRUE(irq.level);
  EXPECT_EQ(interrupt(), kIirThrEmpty);
  EXPECT_EQ(in(kLsr), 0x60);
  uart.on_transmit_room();
  EXPECT_EQ(interrupt(), kIirNone) << "a spurious call is no event";
  out(kThr, 'b');
  EXPECT_EQ(sink.text(), "ab");
}

TEST_F(UartTest, BusyChangesNothing) {
  open(kIerEtbei);
  sink.set_room(0);
  const Uart16550::State before = uart.state();
  EXPECT_EQ(write_register(uart, kThr, 'b'), IoStatus::busy);
  EXPECT_EQ(uart.state(), before);
}

TEST_F(UartTest, EnablingThrEmptyWithAFullSinkWaitsForRoom) {
  sink.set_room(0);
  open(kIerEtbei);
  EXPECT_FALSE(irq.level);
  sink.set_room(1);
  uart.on_transmit_room();
  EXPECT_TRUE(irq.level);
}

TEST_F(UartTest, StringWriteStopsAtAFullSinkAndGoesOnThere) {
  sink.set_room(4);
  std::size_t done = 0;
  const auto text = as_byte_span("hello world");
  EXPECT_EQ(uart.write_string({kThr, 1}, text, done), IoStatus::busy);
  EXPECT_EQ(done, 4U);
  EXPECT_EQ(uart.write_string({kThr, 1}, text, done), IoStatus::busy);
  EXPECT_EQ(done, 4U);
  sink.set_room(100);
  EXPECT_EQ(uart.write_string({kThr, 1}, text, done), IoStatus::ok);
  EXPECT_EQ(done, 11U);
  EXPECT_EQ(sink.text(), "hello world");
}

TEST_F(UartTest, LoopbackDoesNotWaitForTheSink) {
  sink.set_room(0);
  out(kFcr, 1);
  out(kMcr, kMcrLoop);
  EXPECT_EQ(in(kLsr), 0x60);
  out(kThr, 'x');
  EXPECT_EQ(read_all(), "x");
}

}  // namespace
}  // namespace skiff
