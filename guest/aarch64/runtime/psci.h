// PSCI (Arm DEN 0022), by HVC, as a hypervisor offers it.
#pragma once

enum {  // 5.1: SMC64 where there is one
  kPsciVersion = 0x84000000,
  kPsciCpuOff = 0x84000002,
  kPsciCpuOn = 0xc4000003,
  kPsciSystemOff = 0x84000008,
  kPsciSystemReset = 0x84000009,
};
enum { kPsciAlreadyOn = -4 };  // 5.2.2

static inline long psci_call(unsigned function, unsigned long a, unsigned long b, unsigned long c) {
  register unsigned long x0 __asm__("x0") = function;
  register unsigned long x1 __asm__("x1") = a;
  register unsigned long x2 __asm__("x2") = b;
  register unsigned long x3 __asm__("x3") = c;
  __asm__ volatile("hvc #0"
                   : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)
                   :
                   : "memory", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13",
                     "x14", "x15", "x16", "x17");
  return (long)x0;
}
