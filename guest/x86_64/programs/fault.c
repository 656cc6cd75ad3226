// fault: triple-faults. An IDT with no entries turns the first exception into a double and that
// into a triple fault.

#include <stdint.h>
#include "guest/lib/print.h"

#include "guest/machine/program.h"

int program_main(const char* command_line) {
  (void)command_line;
  print("fault: triple fault follows\n");
  const struct __attribute__((packed)) {
    uint16_t limit;
    uint64_t base;
  } nothing = {0, 0};
  __asm__ volatile("lidt %0; ud2" : : "m"(nothing));
  return 1;
}
