// spin: prints a line, then loops without ever leaving the guest. Only its VMM can end it. With
// "halt" on the command line it halts with interrupts off instead.

#include "arch/processor.h"
#include "guest/lib/print.h"
#include "guest/lib/text.h"
#include "guest/machine/program.h"

int program_main(const char* command_line) {
  print("spin: spinning\n");
  while (text_has_word(command_line, "halt")) {
    processor_halt();
  }
  for (;;) {
    __asm__ volatile("");
  }
}
