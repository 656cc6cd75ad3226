// What C has no words for, where speed matters: registers in memory, order, the clock, sleep. Each
// architecture has a file of this name; code that is the same for all includes it by this name.
// Source: Arm Architecture Reference Manual (DDI 0487).
#pragma once

#include <stdint.h>

// Registers in memory, of each width, by one plain load or store: of one that writes its base
// register back a hypervisor is not told what it accesses (ESR_EL2.ISV).
#define PROCESSOR_REGISTERS(width, type, suffix, view)                                     \
  static inline type read##width(uint64_t at) {                                            \
    type value;                                                                            \
    __asm__ volatile("ldr" suffix " %" view "0, [%1]" : "=r"(value) : "r"(at) : "memory"); \
    return value;                                                                          \
  }                                                                                        \
  static inline void write##width(uint64_t at, type value) {                               \
    __asm__ volatile("str" suffix " %" view "0, [%1]" : : "r"(value), "r"(at) : "memory"); \
  }
PROCESSOR_REGISTERS(8, uint8_t, "b", "w")
PROCESSOR_REGISTERS(16, uint16_t, "h", "w")
PROCESSOR_REGISTERS(32, uint32_t, "", "w")
PROCESSOR_REGISTERS(64, uint64_t, "", "x")
#undef PROCESSOR_REGISTERS

static inline void read_barrier(void) {
  __asm__ volatile("dmb ishld" : : : "memory");
}
// A register is a store too, to another kind of memory.
static inline void write_barrier(void) {
  __asm__ volatile("dmb oshst" : : : "memory");
}
static inline void memory_barrier(void) {
  __asm__ volatile("dmb osh" : : : "memory");
}

// The virtual counter, not ahead of what comes before it.
static inline uint64_t read_cycles(void) {
  uint64_t value;
  __asm__ volatile("isb; mrs %0, cntvct_el0" : "=r"(value) : : "memory");
  return value;
}

static inline void delay_microseconds(unsigned count) {
  uint64_t frequency;
  __asm__ volatile("mrs %0, cntfrq_el0" : "=r"(frequency));
  const uint64_t start = read_cycles();
  while (read_cycles() - start < count * frequency / 1000000 + 1) {
  }
}

// In a loop that waits.
static inline void processor_pause(void) {
  __asm__ volatile("yield");
}

static inline void interrupts_off(void) {
  __asm__ volatile("msr daifset, #2" : : : "memory");
}
static inline void interrupts_on(void) {
  __asm__ volatile("msr daifclr, #2; isb" : : : "memory");
}

// With interrupts masked.
static inline void processor_halt(void) {
  __asm__ volatile("msr daifset, #2; wfi" : : : "memory");
}

// Until the next interrupt, which is taken. WFI ends with one that is masked too, so none can slip
// in and leave us asleep.
static inline void processor_sleep(void) {
  __asm__ volatile("dsb sy; wfi" : : : "memory");
  interrupts_on();
  interrupts_off();
}
