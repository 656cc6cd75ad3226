// reset: prints a line, then resets the machine by PSCI.

#include "guest/aarch64/runtime/psci.h"
#include "guest/lib/print.h"
#include "guest/machine/program.h"

int program_main(const char* command_line) {
  (void)command_line;
  print("reset: resetting\n");
  psci_call(kPsciSystemReset, 0, 0, 0);
  print("reset: still running\n");
  return 1;
}
