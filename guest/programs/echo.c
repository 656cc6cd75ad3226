// echo: sends every byte that comes in on the first serial port back, until one with the value
// until= (default 4, Ctrl-D), then prints how many it echoed. "irq" on the command line: receives
// by interrupts instead of polling.

#include "arch/processor.h"
#include "guest/lib/print.h"
#include "guest/lib/text.h"
#include "guest/machine/console.h"
#include "guest/machine/interrupts.h"
#include "guest/machine/program.h"

enum { kRingSize = 4096 };
static char ring[kRingSize];
static volatile unsigned ring_head;  // written by the handler
static volatile unsigned ring_tail;  // written by take_by_interrupt

// Without room the rest waits in the port until take_by_interrupt makes some.
static void on_input(void) {
  while (ring_head - ring_tail < kRingSize) {
    if (!console_has_input()) {
      console_listen(1);
      break;
    }
    ring[ring_head % kRingSize] = console_take();
    ring_head = ring_head + 1;
  }
}

static char take_by_interrupt(void) {
  interrupts_off();
  while (ring_head == ring_tail) {
    console_listen(1);
    processor_sleep();
  }
  const char c = ring[ring_tail % kRingSize];
  ring_tail = ring_tail + 1;
  interrupts_on();
  return c;
}

static char take_by_polling(void) {
  while (!console_has_input()) {
    processor_pause();
  }
  return console_take();
}

int program_main(const char* command_line) {
  const int by_interrupt = text_has_word(command_line, "irq");
  const char until = (char)text_number(command_line, "until", 4);
  if (by_interrupt) {
    interrupts_init();
    interrupts_enable();
    console_input_init(on_input);
    console_listen(1);
    interrupts_on();
  }
  print("echo: ready\n");
  unsigned long count = 0;
  for (;;) {
    const char c = by_interrupt ? take_by_interrupt() : take_by_polling();
    if (c == until) {
      break;
    }
    print_char(c);
    ++count;
  }
  print_number("\necho: ", count, " bytes\n");
  return 0;
}
