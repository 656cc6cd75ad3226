// port-loop: what one exit costs, seen from inside. Writes n= bytes (default 10000) to port=
// (default 0x9999, which no device claims) in a tight loop at CPL 0 and again at CPL 3, or at one
// of them with ring=0 or ring=3, and prints the time-stamp counter's cycles.

#include "arch/processor.h"
#include "guest/lib/print.h"
#include "guest/lib/text.h"
#include "guest/machine/program.h"
#include "guest/machine/unprivileged.h"
#include "guest/x86_64/runtime/interrupts.h"
#include "guest/x86_64/runtime/port_io.h"

// Count in the low 32 bits, port in the next 16: all that fits through unprivileged_call.
static unsigned long loop(unsigned long what) {
  const unsigned count = (unsigned)what;
  const unsigned short port = (unsigned short)(what >> 32);
  const uint64_t start = read_cycles();
  unsigned left = count;
  __asm__ volatile("0: outb %%al, %%dx; decl %0; jnz 0b" : "+c"(left) : "a"(0), "d"(port));
  return read_cycles() - start;
}

static void report(const char* ring, unsigned long cycles, unsigned long count) {
  print("port-loop: ");
  print(ring);
  print_number(" writes=", count, "");
  print_number(" cycles=", cycles, "");
  print_number(" per_write=", cycles / count, "\n");
}

int program_main(const char* command_line) {
  unsigned long count = text_number(command_line, "n", 10000) & 0xffffffff;
  if (count == 0) {
    count = 1;
  }
  const unsigned long what = count | (text_number(command_line, "port", 0x9999) & 0xffff) << 32;
  const unsigned long ring = text_number(command_line, "ring", 4);
  interrupts_init();
  if (ring != 3) {
    report("ring=0", loop(what), count);
  }
  if (ring != 0) {
    report("ring=3", unprivileged_call(loop, what), count);
  }
  return 0;
}
