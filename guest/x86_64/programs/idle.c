// idle: prints a line, then sleeps for ever with interrupts on and none expected: for measuring a
// VMM at rest.

#include "guest/lib/print.h"
#include "guest/machine/program.h"
#include "guest/x86_64/runtime/interrupts.h"
#include "guest/x86_64/runtime/port_io.h"

int program_main(const char* command_line) {
  (void)command_line;
  interrupts_init();
  print("idle: sleeping\n");
  for (;;) {
    interrupts_on_and_halt();
  }
}
