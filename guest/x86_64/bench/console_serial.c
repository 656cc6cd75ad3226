#include "guest/bench/console_device.h"
#include "guest/lib/text.h"
#include "guest/x86_64/runtime/console_input.h"
#include "guest/x86_64/runtime/port_io.h"
#include "guest/x86_64/runtime/serial.h"

// PC16550D: 8.4 (FIFO control: enable, clear both, trigger at 1 or 14 bytes).
enum { kFifo = 16, kTriggerOne = 0x07, kTriggerMany = 0xc7, kReceivedData = 1 };

static enum { kByByte, kByFifo, kByString } mode;
static volatile uint64_t interrupts_taken;

static void wait_for_transmitter(void) {
  while (!(in8(kSerialLineStatus) & kSerialTransmitEmpty)) {
    __asm__ volatile("pause");
  }
}

static void write(struct ConsoleDevice* device, const char* data, uint32_t bytes) {
  (void)device;
  while (bytes) {
    const uint32_t burst = mode == kByByte ? 1 : bytes < kFifo ? bytes : kFifo;
    wait_for_transmitter();
    if (mode == kByString) {
      out8_many(kSerialData, data, burst);
    } else {
      for (uint32_t i = 0; i < burst; ++i) {
        out8(kSerialData, (uint8_t)data[i]);
      }
    }
    data += burst;
    bytes -= burst;
  }
}

static int written(struct ConsoleDevice* device) {
  (void)device;
  return 1;
}

static uint32_t read(struct ConsoleDevice* device, uint32_t most) {
  (void)device;
  uint32_t bytes = 0;
  for (; bytes < most && in8(kSerialLineStatus) & kSerialDataReady; ++bytes) {
    (void)in8(kSerialData);
  }
  return bytes;
}

// The wire fell when the last byte was taken: the next one raises it again.
static int never(struct ConsoleDevice* device) {
  (void)device;
  return 0;
}

static void on_interrupt(void) {
  (void)in8(kSerialInterruptIdent);
  interrupts_taken = interrupts_taken + 1;
}

static void begin_read(struct ConsoleDevice* device) {
  if (device->sleeps) {
    console_input_divert(on_interrupt);
    out8(kSerialInterruptEnable, kReceivedData);
  }
}

static void end_read(struct ConsoleDevice* device) {
  (void)device;
  out8(kSerialInterruptEnable, 0);
  console_input_divert(0);
}

static uint64_t interrupts(struct ConsoleDevice* device) {
  (void)device;
  return interrupts_taken;
}

struct ConsoleDevice* console_serial_open(const char* line, const char** why) {
  (void)why;
  static struct ConsoleDevice console;
  mode = text_is(line, "mode", "fifo")     ? kByFifo
         : text_is(line, "mode", "string") ? kByString
                                           : kByByte;
  console = (struct ConsoleDevice){.face = "16550",
                                   .sleeps = !text_is(line, "irq", "poll"),
                                   .write = write,
                                   .written = written,
                                   .read = read,

                                   .arm = never,
                                   .begin_read = begin_read,
                                   .end_read = end_read,
                                   .interrupts = interrupts};
  out8(kSerialFifoControl, mode == kByByte ? kTriggerOne : kTriggerMany);
  return &console;
}
