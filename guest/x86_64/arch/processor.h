// What C has no words for, where speed matters: registers in memory, order, the clock, sleep. Each
// architecture has a file of this name; code that is the same for all includes it by this name.
#pragma once

#include "guest/x86_64/runtime/port_io.h"

// Memory-mapped registers, of each width.
static inline uint8_t read8(uint64_t at) {
  return *(volatile uint8_t*)at;
}
static inline uint16_t read16(uint64_t at) {
  return *(volatile uint16_t*)at;
}
static inline uint32_t read32(uint64_t at) {
  return *(volatile uint32_t*)at;
}
static inline uint64_t read64(uint64_t at) {
  return *(volatile uint64_t*)at;
}
static inline void write8(uint64_t at, uint8_t value) {
  *(volatile uint8_t*)at = value;
}
static inline void write16(uint64_t at, uint16_t value) {
  *(volatile uint16_t*)at = value;
}
static inline void write32(uint64_t at, uint32_t value) {
  *(volatile uint32_t*)at = value;
}
static inline void write64(uint64_t at, uint64_t value) {
  *(volatile uint64_t*)at = value;
}

// The processor keeps the order of loads and of stores by itself: the compiler has to as well.
// Only a load after a store needs memory_barrier.
static inline void read_barrier(void) {
  __asm__ volatile("" : : : "memory");
}
static inline void write_barrier(void) {
  __asm__ volatile("" : : : "memory");
}
static inline void memory_barrier(void) {
  __asm__ volatile("lock; orl $0, (%%rsp)"
                   :
                   :
                   : "memory", "cc");  // MFENCE is not known to every KVM
}

// The time-stamp counter.
static inline uint64_t read_cycles(void) {
  uint32_t low;
  uint32_t high;
  __asm__ volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
  return (uint64_t)high << 32 | low;
}

// In a loop that waits.
static inline void processor_pause(void) {
  __asm__ volatile("pause");
}

// With interrupts off.
static inline void processor_halt(void) {
  __asm__ volatile("cli; hlt" : : : "memory");
}

// Until the next interrupt, which is taken. Those that came while interrupts were off count. STI
// takes effect after the next instruction, so none can slip in between the two and leave us asleep.
static inline void processor_sleep(void) {
  __asm__ volatile("sti; hlt; cli" : : : "memory");
}
