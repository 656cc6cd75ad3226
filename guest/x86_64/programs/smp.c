// smp: starts every other processor the MADT lists by INIT and SIPI (Intel SDM volume 3, 9.4), has
// each report the APIC id that its own CPUID gives, and prints "smp: N of M processors". Ends with
// status 0 if all came up with the right ids.

#include "guest/lib/print.h"
#include "guest/x86_64/runtime/acpi.h"
#include "guest/x86_64/runtime/interrupts.h"
#include "guest/x86_64/runtime/port_io.h"
#include "guest/x86_64/runtime/program.h"

enum { kMaximum = 1024, kTrampoline = 0x8000 };

// Shared with smp_processor.S.
volatile uint32_t smp_online;
volatile uint32_t smp_ids[kMaximum];
extern const char smp_trampoline[];
extern const char smp_trampoline_end[];

static uint32_t listed[kMaximum];
static unsigned listed_count;
static int x2apic;

static void list_processors(const uint8_t* madt) {
  const uint32_t length = acpi_u32(madt, 4);
  for (uint32_t at = 44; at + 2 <= length && madt[at + 1] >= 2; at += madt[at + 1]) {
    uint32_t id;
    uint32_t flags;
    if (madt[at] == 0) {  // ACPI 6.5, 5.2.12.2, local APIC
      id = madt[at + 3];
      flags = acpi_u32(madt, at + 4);
    } else if (madt[at] == 9) {  // 5.2.12.12, local x2APIC
      id = acpi_u32(madt, at + 4);
      flags = acpi_u32(madt, at + 8);
    } else {
      continue;
    }
    if ((flags & 1) && listed_count < kMaximum) {
      listed[listed_count++] = id;
    }
  }
}

static void send(uint32_t id, uint32_t command) {
  if (x2apic) {
    write_msr(0x830, (uint64_t)id << 32 | command);
  } else {
    local_apic_write(kApicInterruptCommandHigh, id << 24);
    local_apic_write(kApicInterruptCommandLow, command);
  }
}

static int wait_online(uint32_t count, unsigned microseconds) {
  for (unsigned waited = 0; smp_online < count && waited < microseconds; waited += 10) {
    delay_microseconds(10);
  }
  return smp_online >= count;
}

static int start(uint32_t id) {
  const uint32_t wanted = smp_online + 1;
  send(id, 0x4500);  // INIT, assert
  delay_microseconds(200);
  send(id, 0x4600 | kTrampoline >> 12);  // start-up
  if (wait_online(wanted, 1000)) {
    return 1;
  }
  send(id, 0x4600 | kTrampoline >> 12);  // the second one that the manual asks for
  return wait_online(wanted, 5000000);
}

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
  list_processors(madt);
  memcpy((void*)kTrampoline, smp_trampoline, (unsigned long)(smp_trampoline_end - smp_trampoline));

  uint32_t self;
  for (unsigned i = 0; i < listed_count; ++i) {
    x2apic |= listed[i] > 254;
  }
  if (x2apic) {
    write_msr(0x1b, read_msr(0x1b) | 0x400);
    self = (uint32_t)read_msr(0x802);
  } else {
    self = local_apic_read(kApicId) >> 24;
  }
  int all_well = 1;
  for (unsigned i = 0; i < listed_count; ++i) {
    if (listed[i] == self) {
      continue;
    }
    if (!start(listed[i])) {
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
