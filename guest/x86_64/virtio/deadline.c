#include "guest/x86_64/virtio/deadline.h"

struct Registers {
  uint32_t a, b, c, d;
};

static struct Registers cpuid(uint32_t leaf) {
  struct Registers r;
  __asm__ volatile("cpuid" : "=a"(r.a), "=b"(r.b), "=c"(r.c), "=d"(r.d) : "a"(leaf), "c"(0));
  return r;
}

// Intel 8254 data sheet: counter 0 in mode 2 counts down at 1193182 Hz.
static uint32_t counter(void) {
  out8(0x43, 0x00);  // latch counter 0
  const uint32_t low = in8(0x40);
  return low | (uint32_t)in8(0x40) << 8;
}

static uint64_t measure(void) {
  out8(0x43, 0x34);
  out8(0x40, 0);
  out8(0x40, 0);
  const uint32_t from = counter();
  const uint64_t start = read_tsc();
  uint32_t passed = 0;
  for (unsigned tries = 0; passed < 11932 && tries < 1000000; ++tries) {
    passed = (from - counter()) & 0xffff;
  }
  const uint64_t cycles = read_tsc() - start;
  return passed ? cycles * 1193 / passed : 3000000;
}

uint64_t tsc_per_millisecond(void) {
  static uint64_t known;
  if (known) {
    return known;
  }
  if (cpuid(0).a >= 0x15) {  // Intel SDM volume 2: crystal Hz * EBX / EAX
    const struct Registers r = cpuid(0x15);
    if (r.a && r.b && r.c) {
      known = (uint64_t)r.c * r.b / r.a / 1000;
    }
  }
  if (!known && cpuid(1).c >> 31 && cpuid(0x40000000).a >= 0x40000010) {
    known = cpuid(0x40000010).a;  // kHz, a convention of hypervisors
  }
  if (!known) {
    known = measure();
  }
  return known;
}

void sleep_milliseconds(unsigned milliseconds) {
  const struct Deadline deadline = deadline_in(milliseconds);
  while (!deadline_over(&deadline)) {
    __asm__ volatile("pause");
  }
}
