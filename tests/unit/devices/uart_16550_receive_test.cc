// Input of the 16550: not one byte is lost, whatever the guest does short of throwing it away.
#include <random>

#include "tests/unit/devices/uart_fixture.h"

namespace skiff {
namespace {

using namespace uart_16550;

TEST_F(UartTest, TakesWhatTheFifoHoldsAndTellsOfRoom) {
  open();
  EXPECT_EQ(receive("0123456789abcdefXYZ"), 16U);
  EXPECT_EQ(listener.calls, 0);
  for (int i = 0; i < 7; ++i)
    in(kRbr);
  EXPECT_EQ(listener.calls, 0) << "not for each byte";
  in(kRbr);
  EXPECT_EQ(listener.calls, 1) << "half empty";
  EXPECT_EQ(receive("XYZ"), 3U);
  EXPECT_EQ(read_all(), "89abcdefXYZ");
  EXPECT_EQ(listener.calls, 1) << "nobody waits";
}

TEST_F(UartTest, TakesNothingUntilTheGuestListens) {
  EXPECT_EQ(receive("x"), 0U);
  out(kIer, kIerErbfi);
  EXPECT_EQ(receive("x"), 0U) << "its interrupt cannot arrive";
  EXPECT_EQ(listener.calls, 0);
  out(kMcr, kMcrOut2);
  EXPECT_EQ(listener.calls, 1);
  EXPECT_EQ(receive("x"), 1U);
}

TEST_F(UartTest, PollingForInputIsListening) {
  EXPECT_EQ(receive("x"), 0U);
  in(kLsr);
  EXPECT_EQ(receive("x"), 0U);
  in(kLsr);
  EXPECT_EQ(listener.calls, 1);
  EXPECT_EQ(receive("xy"), 1U);
  EXPECT_EQ(read_all(), "x");
  EXPECT_EQ(receive("y"), 1U) << "it goes on polling";
}

TEST_F(UartTest, PollingIirForInputIsListening) {
  out(kIer, kIerErbfi);
  interrupt();
  interrupt();
  EXPECT_EQ(receive("x"), 1U);
  EXPECT_EQ(interrupt(), kIirDataAvailable);
}

// What Linux does between power-on and the first open() of the console: early prints, probing,
// FIFO resets, reads of RBR "for luck". Input that came before must still be there afterwards.
TEST_F(UartTest, InputSurvivesADriversSetUp) {
  const auto print = [this] {
    for (int i = 0; i < 20; ++i) {
      while ((in(kLsr)&kLsrThre) == 0) {
      }
      out(kThr, '.');
      EXPECT_EQ(receive("input"), 0U);
    }
  };
  const auto clear_fifos = [this] {
    out(kFcr, 0x01);
    out(kFcr, 0x07);
    out(kFcr, 0x00);
  };
  out(kMcr, 0x03);
  print();
  out(kIer, 0x0f);  // probing which bits exist
  EXPECT_EQ(receive("input"), 0U);
  out(kIer, 0x00);
  out(kMcr, kMcrLoop | 0x0a);
  EXPECT_EQ(receive("input"), 0U);
  in(kMsr);
  out(kMcr, 0x03);
  clear_fifos();
  in(kRbr);
  print();
  clear_fifos();
  for (const std::uint64_t offset : {kLsr, kRbr, kIir, kMsr})
    in(offset);
  out(kMcr, kMcrOut2);
  out(kIer, kIerEtbei);
  in(kLsr);
  in(kIir);
  out(kIer, 0);
  for (const std::uint64_t offset : {kLsr, kRbr, kIir, kMsr})
    in(offset);
  out(kFcr, 0x81);
  out(kIer, kIerErbfi | kIerElsi);
  EXPECT_EQ(listener.calls, 1);
  EXPECT_EQ(receive("input"), 5U);
  EXPECT_EQ(read_all(), "input");
}

// A source that keeps what was refused and offers it again only when told.
struct PatientSource {
  explicit PatientSource(Uart16550& uart) : port(uart) { port.set_room_listener(&told); }

  void say(std::string_view text) { said += text; }
  void offer_if_allowed() {
    if (refused && told.calls == heard) return;
    heard = told.calls;
    const auto rest = std::string_view(said).substr(taken);
    const std::size_t now = port.receive(as_byte_span(rest));
    taken += now;
    refused = now < rest.size();
  }

  Uart16550& port;
  FakeReceiveRoomListener told;
  std::string said;
  std::size_t taken = 0;
  bool refused = false;
  int heard = 0;
};

// A guest that switches interrupts, OUT2 and loop-back on and off, looks at IIR, and reads some.
TEST_F(UartTest, NoByteIsLostUnderRandomInterleavings) {
  for (unsigned seed = 1; seed <= 300; ++seed) {
    std::mt19937 random(seed);
    const auto below = [&random](unsigned n) { return static_cast<unsigned>(random() % n); };
    Uart16550 port("serial0", &irq, sink);
    PatientSource source(port);
    std::string got;
    const auto read_some = [&](unsigned limit) {
      while (limit-- != 0 && (read_register(port, kLsr) & kLsrDr) != 0) {
        got += static_cast<char>(read_register(port, kRbr));
      }
    };
    write_register(port, kFcr, below(4) == 0 ? 0 : (below(4) << 6) | 1);
    write_register(port, kMcr, kMcrOut2);
    for (int step = 0; step < 300; ++step) {
      switch (below(8)) {
        case 0:
          for (unsigned n = below(60); n != 0; --n) {
            source.say(std::string(1, static_cast<char>(below(256))));
          }
          break;
        case 1:
          write_register(port, kIer, below(2) == 0 ? 0 : kIerErbfi);
          break;
        case 2:
          write_register(port, kMcr, below(4) == 0 ? kMcrLoop : below(2) == 0 ? 0 : kMcrOut2);
          break;
        case 3:
          read_register(port, kIir);
          break;
        case 4:
          if ((read_register(port, kMcr) & kMcrLoop) == 0) write_register(port, kThr, '.');
          break;
        default:
          read_some(below(20));
          break;
      }
      source.offer_if_allowed();
    }
    write_register(port, kMcr, kMcrOut2);
    write_register(port, kIer, kIerErbfi);
    for (std::size_t round = 0; round <= source.said.size(); ++round) {
      source.offer_if_allowed();
      read_some(16);
    }
    ASSERT_EQ(got, source.said) << "seed " << seed;
  }
}

}  // namespace
}  // namespace skiff
