// reset: prints a line, then resets the machine; how=i8042 (default), acpi (the FADT's register) or
// cf9.

#include "guest/lib/print.h"
#include "guest/lib/text.h"
#include "guest/machine/program.h"
#include "guest/x86_64/runtime/acpi.h"
#include "guest/x86_64/runtime/port_io.h"

int program_main(const char* command_line) {
  print("reset: resetting\n");
  if (text_is(command_line, "how", "acpi")) {
    acpi_reset();
  } else if (text_is(command_line, "how", "cf9")) {
    out8(0xcf9, 0x02);
    out8(0xcf9, 0x06);
  } else {
    out8(0x64, 0xfe);
  }
  delay_microseconds(100000);
  print("reset: still running\n");
  return 1;
}
