// smp: starts every other processor the MADT lists by INIT and SIPI (Intel SDM volume 3, 9.4), has
// each report the APIC id that its own CPUID gives, and prints "smp: N of M processors". Ends with
// status 0 if all came up with the right ids.

#include "guest/lib/print.h"
#include "guest/machine/program.h"
#include "guest/x86_64/runtime/acpi.h"
#include "guest/x86_64/runtime/processors.h"

enum { kMaximum = 1024 };

// Shared with smp_processor.S.
volatile uint32_t smp_online;
volatile uint32_t smp_ids[kMaximum];
void smp_entry(void);

static uint32_t listed[kMaximum];

static int is_reported(uint32_t id) {
  for (unsigned i = 0; i < smp_online && i < kMaximum; ++i) {
    if (smp_ids[i] == id) {
      return 1;
    }
  }
  return 0;
}

int program_main(const char* command_line) {
  (void)command_line;
  const uint8_t* madt = acpi_find("APIC");
  if (!madt || !acpi_checksum_ok(madt)) {
    print(madt ? "smp: MADT with a wrong checksum\n" : "smp: no MADT\n");
    return 1;
  }
  const unsigned listed_count = processors_list(listed, kMaximum);
  const uint32_t self = processors_self();
  int all_well = 1;
  for (unsigned i = 0; i < listed_count; ++i) {
    if (listed[i] == self) {
      continue;
    }
    if (!processors_start(listed[i], smp_entry, &smp_online, smp_online)) {
      print_number("smp: no answer from APIC id ", listed[i], "\n");
      all_well = 0;
    } else if (!is_reported(listed[i])) {
      print_number("smp: the processor started as APIC id ", listed[i], " thinks it is another\n");
      all_well = 0;
    }
  }
  print_number("smp: ", smp_online + 1, "");
  print_number(" of ", listed_count, " processors\n");
  return all_well ? 0 : 1;
}
