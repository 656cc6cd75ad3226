#include "arch/processor.h"
#include "guest/aarch64/runtime/machine.h"
#include "guest/aarch64/runtime/serial.h"
#include "guest/bench/console_device.h"
#include "guest/bench/hold.h"
#include "guest/lib/text.h"
#include "guest/machine/console.h"

static int by_fifo;
static volatile uint64_t interrupts_taken;

static void write(struct ConsoleDevice* device, const char* data, uint32_t bytes) {
  (void)device;
  if (by_fifo) {
    console_send(data, bytes);
    return;
  }
  for (uint32_t i = 0; i < bytes; ++i) {
    while (read32(machine.serial + kSerialFlags) & kSerialTransmitFull) {
      processor_pause();
    }
    write32(machine.serial + kSerialData, (uint8_t)data[i]);
  }
}

static int written(struct ConsoleDevice* device) {
  (void)device;
  return 1;
}

static uint32_t read(struct ConsoleDevice* device, uint32_t most) {
  (void)device;
  uint32_t bytes = 0;
  for (; bytes < most && console_has_input(); ++bytes) {
    (void)console_take();
  }
  return bytes;
}

static int arm(struct ConsoleDevice* device) {
  (void)device;
  console_listen(1);
  return console_has_input();
}

static void on_input(void) {
  interrupts_taken = interrupts_taken + 1;
}

static void begin_read(struct ConsoleDevice* device) {
  if (device->sleeps) {
    console_input_init(on_input);
  }
}

static void end_read(struct ConsoleDevice* device) {
  (void)device;
  console_listen(0);
  hold_init();
}

static uint64_t interrupts(struct ConsoleDevice* device) {
  (void)device;
  return interrupts_taken;
}

struct ConsoleDevice* console_serial_open(const char* line, const char** why) {
  (void)why;
  static struct ConsoleDevice console;
  by_fifo = text_is(line, "mode", "fifo");
  console = (struct ConsoleDevice){.face = "pl011",
                                   .sleeps = !text_is(line, "irq", "poll"),
                                   .write = write,
                                   .written = written,
                                   .read = read,
                                   .arm = arm,
                                   .begin_read = begin_read,
                                   .end_read = end_read,
                                   .interrupts = interrupts};
  return machine.serial ? &console : 0;
}
