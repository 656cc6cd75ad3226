// panic: reports a guest panic through the pvpanic device (docs/specs/pvpanic in QEMU), bit 0 of
// port 0x505.

#include "guest/lib/print.h"
#include "guest/machine/program.h"
#include "guest/x86_64/runtime/port_io.h"

int program_main(const char* command_line) {
  (void)command_line;
  enum { kPort = 0x505, kPanicked = 1 };
  print("panic: reporting a panic\n");
  out8(kPort, kPanicked);
  print("panic: nobody took it\n");
  return 1;
}
