#include "guest/machine/program.h"

#include "arch/processor.h"
#include "guest/aarch64/runtime/machine.h"
#include "guest/aarch64/runtime/psci.h"
#include "guest/aarch64/runtime/registers_map.h"
#include "guest/aarch64/runtime/serial.h"
#include "guest/machine/clock.h"
#include "guest/machine/end.h"
#include "guest/machine/high_memory.h"
#include "guest/machine/unprivileged.h"

enum { kMilliseconds = 1000 };

// Called by start.S with the MMU on.
_Noreturn void start_program(const void* tree);

void start_program(const void* tree) {
  machine_init(tree);
  serial_init();
  end_machine((unsigned char)program_main(machine.command_line));
}

void halt_forever(void) {
  for (;;) {
    processor_halt();
  }
}

// PSCI has no status.
void end_machine(unsigned char status) {
  (void)status;
  psci_call(kPsciSystemOff, 0, 0, 0);
  halt_forever();
}

uint64_t cycles_per_millisecond(void) {
  uint64_t frequency;
  __asm__ volatile("mrs %0, cntfrq_el0" : "=r"(frequency));
  return frequency / kMilliseconds;
}

// EL1 is as fast as EL0 on every KVM.
unsigned long unprivileged_call(unsigned long (*body)(unsigned long), unsigned long argument) {
  return body(argument);
}

// start.S: level 1, a GiB each. DDI 0487, D8.3.
enum { kEntries = 512, kGibibyte = 30 };
static const uint64_t kDevice = 0x0060000000000401, kNotCached = 0x0060000000000409;
static uint64_t of_registers = kDevice;
extern volatile uint64_t page_map[kEntries];

static void map_registers(uint64_t gibibyte) {
  const uint64_t entry = gibibyte << kGibibyte | of_registers;
  if (page_map[gibibyte] != entry) {
    page_map[gibibyte] = 0;  // break before make
    __asm__ volatile("dsb ish; tlbi vmalle1is; dsb ish; isb" : : : "memory");
    page_map[gibibyte] = entry;
    __asm__ volatile("dsb ish; isb" : : : "memory");
  }
}

void map_registers_for_any_access(void) {
  of_registers = kNotCached;
  map_registers(0);
}

int map_high_memory(uint64_t address, uint64_t length) {
  const uint64_t last = (address + length - 1) >> kGibibyte;
  if (!length || last >= kEntries) {
    return 0;
  }
  for (uint64_t i = address >> kGibibyte; i <= last; ++i) {
    map_registers(i);
  }
  return 1;
}
