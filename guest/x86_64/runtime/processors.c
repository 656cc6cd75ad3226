// Starting further processors by INIT and SIPI (Intel SDM volume 3, 9.4).
#include "guest/machine/processors.h"

#include "guest/machine/program.h"
#include "guest/x86_64/runtime/acpi.h"
#include "guest/x86_64/runtime/interrupts.h"
#include "guest/x86_64/runtime/port_io.h"

enum { kTrampoline = 0x8000 };

// processor_start.S
extern const char processor_trampoline[];
extern const char processor_trampoline_end[];
extern void (*processor_entry)(void);
void second_processor_entry(void);
extern void (*second_processor_body)(void);
extern volatile uint32_t second_processor_online;

static int x2apic;

unsigned processors_list(uint64_t* ids, unsigned maximum) {
  const uint8_t* madt = acpi_find("APIC");
  if (!madt || !acpi_checksum_ok(madt)) {
    return 0;
  }
  unsigned count = 0;
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
    if ((flags & 1) && count < maximum) {
      ids[count++] = id;
      x2apic |= id > 254;
    }
  }
  return count;
}

// Switches to x2APIC mode if an id beyond 254 was listed.
uint64_t processors_self(void) {
  if (!x2apic) {
    return local_apic_read(kApicId) >> 24;
  }
  write_msr(0x1b, read_msr(0x1b) | 0x400);
  return (uint32_t)read_msr(0x802);
}

// Firmware would have software-enabled the local APIC; not every KVM sends an IPI from one that is
// not (Intel SDM volume 3, 11.4.7.2).
static void enable(void) {
  if (x2apic) {
    write_msr(0x80f, 0x100 | kVectorSpurious);
  } else {
    local_apic_write(kApicSpurious, 0x100 | kVectorSpurious);
  }
}

static void send(uint64_t id, uint32_t command) {
  if (x2apic) {
    write_msr(0x830, id << 32 | command);
  } else {
    local_apic_write(kApicInterruptCommandHigh, (uint32_t)id << 24);
    local_apic_write(kApicInterruptCommandLow, command);
  }
}

static int wait_online(volatile uint32_t* online, uint32_t before, unsigned microseconds) {
  for (unsigned waited = 0; *online == before && waited < microseconds; waited += 10) {
    delay_microseconds(10);
  }
  return *online != before;
}

// `entry` is entered in long mode, with this processor's page tables, and interrupts off.
int processors_start(uint64_t id, void (*entry)(void), volatile uint32_t* online, uint32_t before) {
  memcpy((void*)kTrampoline, processor_trampoline,
         (unsigned long)(processor_trampoline_end - processor_trampoline));
  processor_entry = entry;
  enable();
  send(id, 0x4500);  // INIT, assert
  delay_microseconds(200);
  send(id, 0x4600 | kTrampoline >> 12);  // start-up
  if (wait_online(online, before, 1000)) {
    return 1;
  }
  send(id, 0x4600 | kTrampoline >> 12);  // the second one that the manual asks for
  return wait_online(online, before, 5000000);
}

int second_processor_start(void (*body)(void)) {
  uint64_t ids[64];
  const unsigned count = processors_list(ids, 64);
  const uint64_t self = processors_self();
  for (unsigned i = 0; i < count; ++i) {
    if (ids[i] != self) {
      second_processor_body = body;
      second_processor_online = 0;
      return processors_start(ids[i], second_processor_entry, &second_processor_online, 0);
    }
  }
  return 0;
}
