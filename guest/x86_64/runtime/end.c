#include "guest/machine/end.h"

#include "arch/processor.h"
#include "guest/x86_64/runtime/acpi.h"

// Skiff's debug-exit port: the byte written is the process's exit status.
enum { kDebugExitPort = 0xf4 };

void halt_forever(void) {
  for (;;) {
    processor_halt();
  }
}

// Debug-exit, ACPI soft off, the keyboard controller's reset line.
void end_machine(unsigned char status) {
  out8(kDebugExitPort, status);
  acpi_power_off();
  out8(0x64, 0xfe);  // 8042 command "pulse output port": bit 0 low is the reset line
  halt_forever();
}
