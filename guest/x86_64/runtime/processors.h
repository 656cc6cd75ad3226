// Starting further processors by INIT and SIPI (Intel SDM volume 3, 9.4).
#pragma once

#include <stdint.h>

// Ids of the processors the MADT lists as enabled, at most `maximum`; returns how many. 0 where
// there is no MADT.
unsigned processors_list(uint32_t* ids, unsigned maximum);
// This processor's APIC id. Switches it to x2APIC mode if an id beyond 254 was listed.
uint32_t processors_self(void);
// Sends INIT and SIPI to `id`, then waits until `*online` is no longer `before`. The processor goes
// to `entry` in long mode, with this one's page tables, no stack, and interrupts off. 0 if it does
// not come.
int processors_start(uint32_t id, void (*entry)(void), volatile uint32_t* online, uint32_t before);

// Starts the first processor that is not this one with `body` on a stack of its own, at CPL 0. 0 if
// there is none. When `body` returns it sleeps, and may be started again; `body` must not use
// unprivileged_call.
int second_processor_start(void (*body)(void));
