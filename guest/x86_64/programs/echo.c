// echo: sends every byte that comes in on COM1 back, until one with the value until= (default 4,
// Ctrl-D), then prints how many it echoed. "irq" on the command line: receives by interrupts (I/O
// APIC if the MADT has one, else PIC) instead of polling.

#include "guest/lib/print.h"
#include "guest/lib/text.h"
#include "guest/machine/program.h"
#include "guest/x86_64/runtime/interrupts.h"
#include "guest/x86_64/runtime/port_io.h"
#include "guest/x86_64/runtime/serial.h"

enum { kRingSize = 4096 };
static char ring[kRingSize];
static volatile unsigned ring_head;  // written by the handler
static volatile unsigned ring_tail;  // written by take_by_interrupt
static int through_io_apic;

static void on_serial(unsigned vector) {
  (void)vector;
  in8(kSerialInterruptIdent);
  while (in8(kSerialLineStatus) & kSerialDataReady) {
    if (ring_head - ring_tail == kRingSize) {
      out8(kSerialInterruptEnable,
           0);  // full: the rest waits in the UART until take_by_interrupt makes room
      break;
    }
    ring[ring_head % kRingSize] = (char)in8(kSerialData);
    ring_head = ring_head + 1;
  }
  if (through_io_apic) {
    local_apic_eoi();
  } else {
    pic_eoi(4);
  }
}

static char take_by_interrupt(void) {
  interrupts_off();
  while (ring_head == ring_tail) {
    interrupts_on_and_halt();
    interrupts_off();
  }
  const char c = ring[ring_tail % kRingSize];
  ring_tail = ring_tail + 1;
  if (ring_head == ring_tail) {
    out8(kSerialInterruptEnable, 1);
  }
  interrupts_on();
  return c;
}

static char take_by_polling(void) {
  while (!(in8(kSerialLineStatus) & kSerialDataReady)) {
    __asm__ volatile("pause");
  }
  return (char)in8(kSerialData);
}

int program_main(const char* command_line) {
  const int by_interrupt = text_has_word(command_line, "irq");
  const char until = (char)text_number(command_line, "until", 4);
  if (by_interrupt) {
    interrupts_init();
    local_apic_enable();
    interrupts_set(kVectorSerial, on_serial);
    interrupts_set(kVectorPic + 4, on_serial);
    through_io_apic = io_apic_route(4, kVectorSerial);
    if (!through_io_apic) {
      pic_unmask(4);
    }
    out8(kSerialModemControl, 0x0b);  // DTR, RTS, and OUT2, which gates the interrupt on a PC
    out8(kSerialInterruptEnable, 1);  // received data
    interrupts_on();
  }
  print("echo: ready\n");
  unsigned long count = 0;
  for (;;) {
    const char c = by_interrupt ? take_by_interrupt() : take_by_polling();
    if (c == until) {
      break;
    }
    serial_put(c);
    ++count;
  }
  print_number("\necho: ", count, " bytes\n");
  return 0;
}
