#include "guest/x86_64/runtime/serial.h"

#include "guest/lib/print.h"
#include "guest/machine/console.h"
#include "guest/x86_64/runtime/port_io.h"

enum { kFifo = 16 };

void serial_init(void) {
  out8(kSerialLineControl, 0x03);
  out8(kSerialInterruptEnable, 0);
}

// Receive trigger of one byte; clears both.
static void serial_fifo_on(void) {
  out8(kSerialFifoControl, 0x07);
}

static void wait_for_transmitter(void) {
  while (!(in8(kSerialLineStatus) & kSerialTransmitEmpty)) {
    __asm__ volatile("pause");
  }
}

void serial_put(char c) {
  wait_for_transmitter();
  out8(kSerialData, (uint8_t)c);
}

void console_send_bursts(const char* bytes, unsigned long count) {
  static int fifo_is_on;
  if (!fifo_is_on) {
    serial_fifo_on();
    fifo_is_on = 1;
  }
  while (count) {
    const unsigned long burst = count < kFifo ? count : kFifo;
    wait_for_transmitter();
    out8_many(kSerialData, bytes, burst);
    bytes += burst;
    count -= burst;
  }
}

// Byte by byte: some VMMs' serial ports drop string instructions.
void console_send(const char* bytes, unsigned long count) {
  for (unsigned long i = 0; i < count; ++i) {
    if (i % kFifo == 0) {
      wait_for_transmitter();
    }
    out8(kSerialData, (uint8_t)bytes[i]);
  }
}

void print_char(char c) {
  serial_put(c);
}
