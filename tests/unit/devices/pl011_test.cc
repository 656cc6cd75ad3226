// The PL011 against its manual, ARM DDI 0183.
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>

#include "devices/serial/pl011.h"
#include "devices/serial/pl011_regs.h"
#include "tests/fakes/fake_byte_sink.h"
#include "tests/fakes/fake_irq_sink.h"
#include "tests/fakes/fake_receive_room_listener.h"
#include "tests/fakes/register_access.h"

namespace skiff {
namespace {

class Pl011Test : public testing::Test {
 protected:
  Pl011Test() { uart.set_room_listener(&listener); }

  std::uint32_t in(std::uint64_t offset) {
    return static_cast<std::uint32_t>(read_register(uart, offset, 4));
  }
  void out(std::uint64_t offset, unsigned value) {
    EXPECT_EQ(write_register(uart, offset, value, 4), IoStatus::ok);
  }
  std::size_t receive(std::string_view text) { return uart.receive(as_byte_span(text)); }
  // A driver that has opened the port.
  void open(unsigned imsc = pl011::kIntRx | pl011::kIntRt) {
    out(pl011::kLcrH, pl011::kLcrHFen | 0x60);
    out(pl011::kCr, pl011::kCrUarten | pl011::kCrTxe | pl011::kCrRxe);
    out(pl011::kImsc, imsc);
  }
  std::string read_all() {
    std::string text;
    while ((in(pl011::kFr)&pl011::kFrRxfe) == 0)
      text += static_cast<char>(in(pl011::kDr));
    return text;
  }

  FakeIrqSink irq;
  FakeByteSink sink;
  FakeReceiveRoomListener listener;
  Pl011 uart{"serial0", &irq, sink};
};

// Table 3-1, column "reset".
TEST_F(Pl011Test, ComesUpAsTheManualSays) {
  EXPECT_EQ(in(pl011::kRsr), 0U);
  EXPECT_EQ(in(pl011::kFr) & 0xf8, pl011::kFrTxfe | pl011::kFrRxfe);
  EXPECT_EQ(in(pl011::kIlpr), 0U);
  EXPECT_EQ(in(pl011::kIbrd), 0U);
  EXPECT_EQ(in(pl011::kFbrd), 0U);
  EXPECT_EQ(in(pl011::kLcrH), 0U);
  EXPECT_EQ(in(pl011::kCr), 0x300U);
  EXPECT_EQ(in(pl011::kIfls), 0x12U);
  EXPECT_EQ(in(pl011::kImsc), 0U);
  EXPECT_EQ(in(pl011::kMis), 0U);
  EXPECT_EQ(in(pl011::kDmacr), 0U);
  EXPECT_FALSE(irq.level);
}

TEST_F(Pl011Test, IdentifiesItself) {
  const std::uint32_t expected[] = {0x11, 0x10, 0x34, 0x00, 0x0d, 0xf0, 0x05, 0xb1};
  for (unsigned index = 0; index < 8; ++index)
    EXPECT_EQ(in(0xfe0 + 4 * index), expected[index]) << index;
}

TEST_F(Pl011Test, UnusedBitsReadAsZero) {
  const struct {
    std::uint64_t offset;
    unsigned mask;
  } cases[] = {{pl011::kIbrd, 0xffff}, {pl011::kFbrd, 0x3f}, {pl011::kLcrH, 0xff},
               {pl011::kCr, 0xff87},   {pl011::kIfls, 0x3f}, {pl011::kImsc, 0x7ff},
               {pl011::kDmacr, 0x7},   {pl011::kIlpr, 0xff}};
  for (const auto& one : cases) {
    out(one.offset, 0xffff'ffff);
    EXPECT_EQ(in(one.offset), one.mask) << uart.register_name(one.offset, false);
  }
}

TEST_F(Pl011Test, SendsWhatIsWrittenAtAnyWidth) {
  for (const std::uint8_t width : std::array<std::uint8_t, 3>{1, 2, 4})
    EXPECT_EQ(write_register(uart, pl011::kDr, 0x1241, width), IoStatus::ok);
  EXPECT_EQ(sink.text(), "AAA");
}

TEST_F(Pl011Test, ANarrowReadGivesTheLowBits) {
  std::uint64_t value = 0;
  EXPECT_EQ(uart.read({pl011::kCr, 1}, value), IoStatus::ok);
  EXPECT_EQ(value, 0U);
  EXPECT_EQ(uart.read({pl011::kCr, 2}, value), IoStatus::ok);
  EXPECT_EQ(value, 0x300U);
}

TEST_F(Pl011Test, MalformedAccessesAreRefusedAndCounted) {
  const struct {
    std::uint64_t offset;
    std::uint8_t width;
    IoStatus status;
  } cases[] = {
      {pl011::kDr, 8, IoStatus::bad_width},      {pl011::kDr + 1, 1, IoStatus::misaligned},
      {pl011::kCr + 2, 2, IoStatus::misaligned}, {0x008, 4, IoStatus::no_such_register},
      {0x04c, 4, IoStatus::no_such_register},    {0xfdc, 4, IoStatus::no_such_register},
      {0x1000, 4, IoStatus::no_such_register},   {~0ULL - 3, 4, IoStatus::no_such_register},
  };
  std::uint64_t faults = 0;
  for (const auto& one : cases) {
    EXPECT_EQ(write_register(uart, one.offset, 0x41, one.width), one.status) << one.offset;
    std::uint64_t value = 0x77;
    EXPECT_EQ(uart.read({one.offset, one.width}, value), one.status) << one.offset;
    EXPECT_EQ(value, 0x77U);
    faults += 2;
  }
  EXPECT_EQ(uart.guest_faults(), faults);
  EXPECT_EQ(sink.text(), "");
}

TEST_F(Pl011Test, ReceivesOnlyWhileTheGuestListens) {
  EXPECT_EQ(receive("a"), 0U);
  out(pl011::kCr, pl011::kCrUarten | pl011::kCrRxe);
  EXPECT_EQ(receive("a"), 0U);
  out(pl011::kImsc, pl011::kIntRt);
  EXPECT_EQ(receive("a"), 1U);
  out(pl011::kCr, pl011::kCrUarten);
  EXPECT_EQ(read_all(), "a");
  EXPECT_EQ(receive("b"), 0U);
}

TEST_F(Pl011Test, APollingGuestIsHeard) {
  open(0);
  EXPECT_EQ(receive("a"), 0U);
  in(pl011::kFr);
  EXPECT_EQ(receive("a"), 0U);
  EXPECT_EQ(listener.calls, 0);
  in(pl011::kFr);
  EXPECT_EQ(listener.calls, 1);
  EXPECT_EQ(receive("ab"), 2U);
  EXPECT_EQ(read_all(), "ab");
}

TEST_F(Pl011Test, HoldsThirtyTwoCharactersAndLosesNone) {
  open();
  const std::string text(40, 'x');
  EXPECT_EQ(receive(text), 32U);
  EXPECT_NE(in(pl011::kFr)&pl011::kFrRxff, 0U);
  EXPECT_EQ(receive("y"), 0U);
  EXPECT_EQ(listener.calls, 0);
  for (int i = 0; i < 15; ++i)
    in(pl011::kDr);
  EXPECT_EQ(listener.calls, 0);
  in(pl011::kDr);
  EXPECT_EQ(listener.calls, 1);
  EXPECT_EQ(receive("y"), 1U);
}

TEST_F(Pl011Test, WithoutFifosThereIsRoomForOne) {
  out(pl011::kCr, pl011::kCrUarten | pl011::kCrRxe);
  out(pl011::kImsc, pl011::kIntRx);
  EXPECT_EQ(receive("ab"), 1U);
  EXPECT_EQ(in(pl011::kMis), pl011::kIntRx);
  EXPECT_TRUE(irq.level);
  EXPECT_EQ(in(pl011::kDr), 'a');
  EXPECT_FALSE(irq.level);
}

// 2.8.2 and 3.3.9: the receive interrupt at 1/8, 1/4, 1/2, 3/4, 7/8 of the FIFO.
TEST_F(Pl011Test, TriggerLevels) {
  const unsigned levels[] = {4, 8, 16, 24, 28};
  for (unsigned select = 0; select < 5; ++select) {
    Pl011 port("serial0", nullptr, sink);
    write_register(port, pl011::kLcrH, pl011::kLcrHFen, 4);
    write_register(port, pl011::kIfls, select << 3, 4);
    write_register(port, pl011::kCr, pl011::kCrUarten | pl011::kCrRxe, 4);
    write_register(port, pl011::kImsc, pl011::kIntRx, 4);
    for (unsigned count = 1; count <= 32; ++count) {
      ASSERT_EQ(port.receive(as_byte_span("z")), 1U);
      EXPECT_EQ(read_register(port, pl011::kMis, 4), count >= levels[select] ? pl011::kIntRx : 0U)
          << select << " " << count;
    }
  }
}

TEST_F(Pl011Test, TimeOutLastsUntilTheFifoIsEmpty) {
  open();
  receive("ab");
  EXPECT_EQ(in(pl011::kMis), pl011::kIntRt);
  EXPECT_TRUE(irq.level);
  in(pl011::kDr);
  EXPECT_TRUE(irq.level);
  in(pl011::kDr);
  EXPECT_FALSE(irq.level);
}

// A driver that clears the time-out and then reads one character must hear of the others.
TEST_F(Pl011Test, TimeOutThatWasClearedComesBack) {
  open();
  receive("ab");
  out(pl011::kIcr, pl011::kIntRt);
  EXPECT_FALSE(irq.level);
  in(pl011::kDr);
  EXPECT_TRUE(irq.level);
}

TEST_F(Pl011Test, TransmitInterruptFollowsAWrite) {
  open(pl011::kIntTx);
  EXPECT_FALSE(irq.level);  // 2.8.3: nothing has emptied yet
  out(pl011::kDr, 'a');
  EXPECT_TRUE(irq.level);
  out(pl011::kIcr, pl011::kIntTx);
  EXPECT_FALSE(irq.level);
  out(pl011::kDr, 'b');
  EXPECT_TRUE(irq.level);
}

TEST_F(Pl011Test, AFullSinkHoldsTheTransmitterBack) {
  open(pl011::kIntTx);
  sink.set_room(1);
  out(pl011::kDr, 'a');
  EXPECT_FALSE(irq.level);
  EXPECT_EQ(in(pl011::kFr) & (pl011::kFrTxff | pl011::kFrTxfe | pl011::kFrBusy),
            pl011::kFrTxff | pl011::kFrBusy);
  const Pl011::State before = uart.state();
  EXPECT_EQ(write_register(uart, pl011::kDr, 'b', 4), IoStatus::busy);
  EXPECT_EQ(uart.state(), before);
  uart.on_transmit_room();  // spurious
  EXPECT_FALSE(irq.level);
  sink.set_room(5);
  uart.on_transmit_room();
  EXPECT_TRUE(irq.level);
  out(pl011::kDr, 'b');
  EXPECT_EQ(sink.text(), "ab");
}

TEST_F(Pl011Test, ABreakIsAZeroWithBreakAndFramingError) {
  open(pl011::kIntRx | pl011::kIntRt | pl011::kIntBe);
  uart.receive_break();
  EXPECT_NE(in(pl011::kMis)&pl011::kIntBe, 0U);
  EXPECT_EQ(in(pl011::kDr), pl011::kDrBe | pl011::kDrFe);
  EXPECT_EQ(in(pl011::kRsr), 0x5U);
  out(pl011::kRsr, 0xff);
  EXPECT_EQ(in(pl011::kRsr), 0U);
  out(pl011::kIcr, pl011::kIntBe);
  EXPECT_FALSE(irq.level);
}

TEST_F(Pl011Test, ABreakWaitsUntilTheGuestListens) {
  uart.receive_break();
  EXPECT_NE(in(pl011::kFr)&pl011::kFrRxfe, 0U);
  open();
  EXPECT_EQ(in(pl011::kDr), pl011::kDrBe | pl011::kDrFe);
}

TEST_F(Pl011Test, LoopBackFeedsTheReceiverAndOverruns) {
  out(pl011::kLcrH, pl011::kLcrHFen);
  out(pl011::kCr, pl011::kCrUarten | pl011::kCrTxe | pl011::kCrRxe | pl011::kCrLbe);
  for (int i = 0; i < 33; ++i)
    out(pl011::kDr, 'l');
  EXPECT_EQ(sink.text(), "");
  EXPECT_EQ(receive("x"), 0U);
  EXPECT_NE(in(pl011::kRis)&pl011::kIntOe, 0U);
  EXPECT_EQ(in(pl011::kDr), 'l' | static_cast<unsigned>(pl011::kDrOe));
}

TEST_F(Pl011Test, LoopBackJoinsTheModemLines) {
  EXPECT_EQ(in(pl011::kFr) & 0x107, pl011::kFrCts | pl011::kFrDsr | pl011::kFrDcd);
  out(pl011::kCr, pl011::kCrLbe | pl011::kCrOut2);
  EXPECT_EQ(in(pl011::kFr) & 0x107, pl011::kFrRi);
  EXPECT_EQ(in(pl011::kRis) & 0xf,
            pl011::kIntRi | pl011::kIntCts | pl011::kIntDcd | pl011::kIntDsr);
}

TEST_F(Pl011Test, RegisterNamesAreTheManuals) {
  EXPECT_EQ(uart.register_name(0x000, true), "UARTDR");
  EXPECT_EQ(uart.register_name(0x004, false), "UARTRSR");
  EXPECT_EQ(uart.register_name(0x004, true), "UARTECR");
  EXPECT_EQ(uart.register_name(0x02c, true), "UARTLCR_H");
  EXPECT_EQ(uart.register_name(0xffc, false), "PCellID3");
  EXPECT_EQ(uart.register_name(0x008, false), "");
}

}  // namespace
}  // namespace skiff
