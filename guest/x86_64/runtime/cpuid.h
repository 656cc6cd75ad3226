// CPUID (Intel SDM volume 2; AMD64 APM volume 3, appendix E).
#pragma once

#include <stdint.h>

struct Cpuid {
  uint32_t a, b, c, d;
};

static inline struct Cpuid cpuid(uint32_t leaf, uint32_t subleaf) {
  struct Cpuid r;
  __asm__ volatile("cpuid" : "=a"(r.a), "=b"(r.b), "=c"(r.c), "=d"(r.d) : "a"(leaf), "c"(subleaf));
  return r;
}
