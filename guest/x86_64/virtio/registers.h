// Memory-mapped registers, of each width.
#pragma once

#include <stdint.h>

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

// `width` is 1, 2, 4 or 8.
static inline uint64_t read_width(uint64_t at, unsigned width) {
  return width == 1 ? read8(at) : width == 2 ? read16(at) : width == 4 ? read32(at) : read64(at);
}
static inline void write_width(uint64_t at, unsigned width, uint64_t value) {
  if (width == 1) {
    write8(at, (uint8_t)value);
  } else if (width == 2) {
    write16(at, (uint16_t)value);
  } else if (width == 4) {
    write32(at, (uint32_t)value);
  } else {
    write64(at, value);
  }
}

// Keeps the compiler from moving memory accesses across it. The processor keeps the order of loads
// and of stores by itself; only a load after a store needs memory_barrier.
static inline void compiler_barrier(void) {
  __asm__ volatile("" : : : "memory");
}
static inline void memory_barrier(void) {
  __asm__ volatile("lock; orl $0, (%%rsp)"
                   :
                   :
                   : "memory", "cc");  // MFENCE is not known to every KVM
}
