#include "guest/aarch64/runtime/serial.h"

#include "arch/processor.h"
#include "guest/aarch64/runtime/machine.h"
#include "guest/lib/print.h"
#include "guest/machine/console.h"
#include "guest/machine/interrupts.h"

enum {  // DDI 0183, table 3-1
  kLineControl = 0x02c,
  kControl = 0x030,
  kInterruptMask = 0x038,
};
enum { kReceiveEmpty = 1 << 4, kTransmitEmpty = 1 << 7 };
enum { kEightBits = 3 << 5, kFifosOn = 1 << 4, kPortOn = 1 | 1 << 8 | 1 << 9 };
enum { kReceived = 1 << 4 | 1 << 6, kFifo = 16 };  // a level reached, or bytes that wait

static void (*input_action)(void);

static void wait_while(uint32_t flags) {
  while (read32(machine.serial + kSerialFlags) & flags) {
    processor_pause();
  }
}

void serial_init(void) {
  if (machine.serial) {
    write32(machine.serial + kInterruptMask, 0);
    write32(machine.serial + kLineControl, kEightBits | kFifosOn);
    write32(machine.serial + kControl, kPortOn);
  }
}

void print_char(char c) {
  if (machine.serial) {
    wait_while(kSerialTransmitFull);
    write32(machine.serial + kSerialData, (uint8_t)c);
  }
}

void console_send(const char* bytes, unsigned long count) {
  for (unsigned long i = 0; i < count && machine.serial; ++i) {
    if (i % kFifo == 0) {
      while (!(read32(machine.serial + kSerialFlags) & kTransmitEmpty)) {
        processor_pause();
      }
    }
    write32(machine.serial + kSerialData, (uint8_t)bytes[i]);
  }
}

void console_send_bursts(const char* bytes, unsigned long count) {
  console_send(bytes, count);
}

static void on_interrupt(unsigned vector) {
  console_listen(0);  // the bytes stay, and the wire falls
  input_action();
  interrupts_end(vector);
}

void console_input_init(void (*on_input)(void)) {
  input_action = on_input;
  if (machine.serial) {
    interrupts_route_line(machine.serial_line, 0, kVectorSerial, on_interrupt);
  }
}

void console_listen(int on) {
  if (machine.serial) {
    write32(machine.serial + kInterruptMask, on ? kReceived : 0);
  }
}

int console_has_input(void) {
  return machine.serial && !(read32(machine.serial + kSerialFlags) & kReceiveEmpty);
}

char console_take(void) {
  return (char)read32(machine.serial + kSerialData);
}
