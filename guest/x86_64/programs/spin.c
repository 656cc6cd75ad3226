// spin: prints a line, then loops without ever leaving the guest. Only its VMM can end it.

#include "guest/lib/print.h"
#include "guest/x86_64/runtime/program.h"

int program_main(const char* command_line) {
  (void)command_line;
  print("spin: spinning\n");
  for (;;) {
    __asm__ volatile("");
  }
}
