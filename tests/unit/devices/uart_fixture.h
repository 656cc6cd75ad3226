// A 16550 with everything around it faked.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "devices/serial/uart_16550.h"
#include "devices/serial/uart_16550_regs.h"
#include "tests/fakes/fake_byte_sink.h"
#include "tests/fakes/fake_irq_sink.h"
#include "tests/fakes/fake_receive_room_listener.h"
#include "tests/fakes/register_access.h"

namespace skiff {

class UartTest : public testing::Test {
 protected:
  UartTest() { uart.set_room_listener(&listener); }

  std::uint8_t in(std::uint64_t offset) {
    return static_cast<std::uint8_t>(read_register(uart, offset));
  }
  void out(std::uint64_t offset, unsigned value) {
    EXPECT_EQ(write_register(uart, offset, value), IoStatus::ok);
  }
  std::uint8_t interrupt() { return in(uart_16550::kIir) & 0x0f; }
  std::size_t receive(std::string_view text) { return uart.receive(as_byte_span(text)); }
  // A driver that has opened the port: FIFOs on, 8 characters trigger, received data interrupts.
  void open(unsigned ier = uart_16550::kIerErbfi, unsigned fcr = 0x81) {
    out(uart_16550::kFcr, fcr);
    out(uart_16550::kMcr, uart_16550::kMcrDtr | uart_16550::kMcrRts | uart_16550::kMcrOut2);
    out(uart_16550::kIer, ier);
  }
  std::string read_all() {
    std::string text;
    while ((in(uart_16550::kLsr)&uart_16550::kLsrDr) != 0) {
      text += static_cast<char>(in(uart_16550::kRbr));
    }
    return text;
  }

  FakeIrqSink irq;
  FakeByteSink sink;
  FakeReceiveRoomListener listener;
  Uart16550 uart{"serial0", &irq, sink};
};

}  // namespace skiff
