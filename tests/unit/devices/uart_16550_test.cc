// The 16550's registers, one by one: PC16550D data sheet.
#include "tests/unit/devices/uart_fixture.h"

namespace skiff {
namespace {

using namespace uart_16550;

TEST_F(UartTest, ComesUpAsTheDataSheetSays) {
  EXPECT_EQ(in(kIer), 0x00);
  EXPECT_EQ(in(kIir), 0x01);
  EXPECT_EQ(in(kLcr), 0x00);
  EXPECT_EQ(in(kMcr), 0x00);
  EXPECT_EQ(in(kLsr), 0x60);
  EXPECT_EQ(in(kMsr), 0xb0);
  EXPECT_FALSE(irq.level);
}

TEST_F(UartTest, UnusedBitsReadAsZero) {
  out(kIer, 0xff);
  EXPECT_EQ(in(kIer), 0x0f);
  out(kMcr, 0xff);
  EXPECT_EQ(in(kMcr), 0x1f);
  out(kLcr, 0x7f);
  EXPECT_EQ(in(kLcr), 0x7f);
  out(kScr, 0xa5);
  EXPECT_EQ(in(kScr), 0xa5);
}

TEST_F(UartTest, DivisorLatchHidesDataAndIer) {
  out(kIer, 0x05);
  out(kLcr, kLcrDlab | 0x03);
  out(kDll, 0x0c);
  out(kDlm, 0x34);
  EXPECT_EQ(in(kDll), 0x0c);
  EXPECT_EQ(in(kDlm), 0x34);
  out(kLcr, 0x03);
  EXPECT_EQ(in(kIer), 0x05);
  EXPECT_EQ(sink.text(), "");
}

TEST_F(UartTest, StatusRegistersAreNotWritable) {
  out(kLsr, 0x9f);
  out(kMsr, 0x0f);
  EXPECT_EQ(in(kLsr), 0x60);
  EXPECT_EQ(in(kMsr), 0xb0);
}

TEST_F(UartTest, WrongWidthAndOffsetAreRefusedAndCounted) {
  EXPECT_EQ(write_register(uart, kThr, 0x4141, 2), IoStatus::bad_width);
  EXPECT_EQ(write_register(uart, kRegisterCount, 0), IoStatus::no_such_register);
  EXPECT_EQ(read_register(uart, kLsr, 4), 0xffff'ffff);
  EXPECT_EQ(sink.text(), "");
  EXPECT_EQ(uart.guest_faults(), 2U);
}

TEST_F(UartTest, RegisterNamesAreTheDataSheets) {
  EXPECT_EQ(uart.register_name(0, false), "RBR");
  EXPECT_EQ(uart.register_name(0, true), "THR");
  EXPECT_EQ(uart.register_name(2, false), "IIR");
  EXPECT_EQ(uart.register_name(2, true), "FCR");
  EXPECT_EQ(uart.register_name(7, true), "SCR");
  EXPECT_EQ(uart.register_name(8, false), "");
}

TEST_F(UartTest, FcrReportsFifosAndChangingItsEnableClearsThem) {
  open(kIerErbfi, 0xc7);
  EXPECT_EQ(in(kIir), 0xc1);
  EXPECT_EQ(receive("abc"), 3U);
  out(kFcr, 0x00);
  EXPECT_EQ(in(kIir), 0x01);
  EXPECT_EQ(in(kLsr)&kLsrDr, 0);
  // Without bit 0 the other bits do not count.
  out(kFcr, 0xc0);
  EXPECT_EQ(in(kIir) & 0xc0, 0);
}

TEST_F(UartTest, FcrResetClearsTheReceiverOnly) {
  open();
  receive("abc");
  out(kFcr, 0x81);
  EXPECT_EQ(in(kLsr)&kLsrDr, kLsrDr);
  out(kFcr, 0x83);
  EXPECT_EQ(in(kLsr)&kLsrDr, 0);
}

TEST_F(UartTest, LoopbackMapsTheModemOutputsToTheInputs) {
  const struct {
    unsigned mcr, msr;
  } cases[] = {
      {0, 0},       {kMcrRts, kMsrCts}, {kMcrDtr, kMsrDsr}, {kMcrOut1, kMsrRi}, {kMcrOut2, kMsrDcd},
      {0x0a, 0x90},  // Linux's test for a 16450 or better
      {0x0f, 0xf0}};
  for (const auto& c : cases) {
    out(kMcr, kMcrLoop | c.mcr);
    EXPECT_EQ(in(kMsr) & 0xf0U, c.msr) << c.mcr;
  }
  out(kMcr, 0);
  EXPECT_EQ(in(kMsr) & 0xf0, 0xb0);
}

TEST_F(UartTest, ModemDeltasAreSetByChangesAndClearedByReading) {
  out(kMcr, kMcrLoop | 0x0b);
  EXPECT_EQ(in(kMsr), 0xb0);  // the same lines as the null modem's: no delta
  out(kMcr, kMcrLoop | kMcrOut1);
  EXPECT_EQ(in(kMsr), kMsrRi | kMsrDcts | kMsrDdsr | kMsrDdcd);
  EXPECT_EQ(in(kMsr), kMsrRi);
  out(kMcr, kMcrLoop);
  EXPECT_EQ(in(kMsr), kMsrTeri) << "trailing edge of ring";
  out(kMcr, kMcrLoop | kMcrOut1);
  EXPECT_EQ(in(kMsr), kMsrRi) << "the leading edge is none";
}

TEST_F(UartTest, LoopbackReturnsDataAndKeepsItOffTheLine) {
  out(kFcr, 0x01);
  out(kMcr, kMcrLoop);
  for (const char c : std::string("loop"))
    out(kThr, static_cast<unsigned char>(c));
  EXPECT_EQ(read_all(), "loop");
  EXPECT_EQ(sink.text(), "");
}

TEST_F(UartTest, LoopbackOverrunsWhereTheGuestDoesNotRead) {
  out(kFcr, 0x01);
  out(kMcr, kMcrLoop);
  for (unsigned i = 0; i < 17; ++i)
    out(kThr, 'a' + i);
  EXPECT_EQ(in(kLsr), kLsrDr | kLsrOe | kLsrThre | kLsrTemt);
  EXPECT_EQ(in(kLsr)&kLsrOe, 0) << "cleared by the read";
  EXPECT_EQ(read_all(), "abcdefghijklmnop") << "FIFO mode loses the new one";
  out(kFcr, 0x00);
  out(kThr, 'x');
  out(kThr, 'y');
  EXPECT_EQ(in(kLsr)&kLsrOe, kLsrOe);
  EXPECT_EQ(read_all(), "y") << "16450 mode loses the old one";
}

TEST_F(UartTest, TransmitsToTheSink) {
  for (const char c : std::string("hello\n"))
    out(kThr, static_cast<unsigned char>(c));
  EXPECT_EQ(sink.text(), "hello\n");
  EXPECT_EQ(in(kLsr), 0x60);
}

TEST_F(UartTest, StringWriteIsOneCallOfTheSink) {
  std::size_t done = 0;
  EXPECT_EQ(uart.write_string({kThr, 1}, as_byte_span("hello world"), done), IoStatus::ok);
  EXPECT_EQ(done, 11U);
  EXPECT_EQ(sink.text(), "hello world");
  EXPECT_EQ(sink.calls(), 1);
}

TEST_F(UartTest, StringWriteElsewhereIsARowOfWrites) {
  std::size_t done = 0;
  EXPECT_EQ(uart.write_string({kScr, 1}, as_byte_span("xyz"), done), IoStatus::ok);
  EXPECT_EQ(done, 3U);
  EXPECT_EQ(in(kScr), 'z');
  done = 0;
  out(kFcr, 1);
  out(kMcr, kMcrLoop);
  EXPECT_EQ(uart.write_string({kThr, 1}, as_byte_span("xyz"), done), IoStatus::ok);
  EXPECT_EQ(read_all(), "xyz");
}

TEST_F(UartTest, StateRoundTrips) {
  open(0x0f, 0xc1);
  out(kScr, 0x77);
  receive("saved");
  const Uart16550::State saved = uart.state();
  FakeIrqSink other_irq;
  Uart16550 other("serial1", &other_irq, sink);
  other.restore(saved);
  EXPECT_TRUE(other_irq.level);
  EXPECT_EQ(read_register(other, kScr), 0x77U);
  EXPECT_EQ(read_register(other, kRbr), static_cast<unsigned>('s'));
  uart.reset();
  EXPECT_FALSE(irq.level);
  EXPECT_EQ(in(kIer), 0);
  EXPECT_EQ(in(kLsr), 0x60);
}

TEST_F(UartTest, RestoreMakesABrokenStateSafe) {
  Uart16550::State broken;
  broken.receive_fifo.count = 255;
  broken.receive_fifo.first = 200;
  broken.fcr = 0xff;
  uart.restore(broken);
  EXPECT_EQ(read_all().size(), 16U);
}

}  // namespace
}  // namespace skiff
