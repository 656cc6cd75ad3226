// idle: prints a line, then sleeps for ever with interrupts on and none expected: for measuring a
// VMM at rest.

#include "arch/processor.h"
#include "guest/lib/print.h"
#include "guest/machine/interrupts.h"
#include "guest/machine/program.h"

int program_main(const char* command_line) {
  (void)command_line;
  interrupts_init();
  print("idle: sleeping\n");
  for (;;) {
    processor_sleep();
  }
}
