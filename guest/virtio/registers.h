// Memory-mapped registers whose width is a value.
#pragma once

#include "arch/processor.h"

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
