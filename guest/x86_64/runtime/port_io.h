// Port I/O and the few other instructions C has no words for.
#pragma once

#include <stdint.h>

static inline void out8(uint16_t port, uint8_t value) {
  __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}
static inline void out16(uint16_t port, uint16_t value) {
  __asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port));
}
static inline void out32(uint16_t port, uint32_t value) {
  __asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port));
}

static inline uint8_t in8(uint16_t port) {
  uint8_t value;
  __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
  return value;
}
static inline uint16_t in16(uint16_t port) {
  uint16_t value;
  __asm__ volatile("inw %1, %0" : "=a"(value) : "Nd"(port));
  return value;
}

static inline uint32_t in32(uint16_t port) {
  uint32_t value;
  __asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
  return value;
}

// One string instruction. KVM leaves the guest for each byte nevertheless: only string input is
// handed over many elements at once.
static inline void out8_many(uint16_t port, const void* bytes, unsigned long count) {
  __asm__ volatile("rep outsb" : "+S"(bytes), "+c"(count) : "d"(port) : "memory");
}

static inline uint64_t read_msr(uint32_t index) {
  uint32_t low;
  uint32_t high;
  __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(index));
  return (uint64_t)high << 32 | low;
}
static inline void write_msr(uint32_t index, uint64_t value) {
  __asm__ volatile("wrmsr"
                   :
                   : "c"(index), "a"((uint32_t)value), "d"((uint32_t)(value >> 32))
                   : "memory");
}

// At least about a microsecond each: a write to the POST port costs that on a real bus, and more
// under a VMM.
static inline void delay_microseconds(unsigned count) {
  while (count--) {
    out8(0x80, 0);
  }
}

static inline void interrupts_off(void) {
  __asm__ volatile("cli" : : : "memory");
}
static inline void interrupts_on(void) {
  __asm__ volatile("sti" : : : "memory");
}
// STI takes effect after the next instruction, so no interrupt can slip in between the two and
// leave us asleep.
static inline void interrupts_on_and_halt(void) {
  __asm__ volatile("sti; hlt" : : : "memory");
}
