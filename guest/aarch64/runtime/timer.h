// The virtual timer of this processor (DDI 0487, D12).
#pragma once

#include <stdint.h>

static inline void timer_off(void) {
  __asm__ volatile("msr cntv_ctl_el0, xzr; isb" : : : "memory");
}
// It interrupts when so many cycles have passed, until it is off.
static inline void timer_in(uint64_t cycles) {
  uint64_t now;
  __asm__ volatile("isb; mrs %0, cntvct_el0" : "=r"(now) : : "memory");
  __asm__ volatile("msr cntv_cval_el0, %0; msr cntv_ctl_el0, %1; isb"
                   :
                   : "r"(now + cycles), "r"(1ul)
                   : "memory");
}
