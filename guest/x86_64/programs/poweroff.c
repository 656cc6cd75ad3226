// poweroff: enters ACPI state S5, by the FADT that the RSDP leads to.

#include "guest/lib/print.h"
#include "guest/machine/program.h"
#include "guest/x86_64/runtime/acpi.h"
#include "guest/x86_64/runtime/port_io.h"

int program_main(const char* command_line) {
  (void)command_line;
  const uint8_t* fadt = acpi_find("FACP");
  if (!fadt || !acpi_checksum_ok(fadt)) {
    print(fadt ? "poweroff: FADT with a wrong checksum\n" : "poweroff: no FADT\n");
    return 1;
  }
  print("poweroff: soft off\n");
  acpi_power_off();
  delay_microseconds(100000);
  print("poweroff: still running\n");
  return 1;
}
