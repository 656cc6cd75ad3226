// Sleeping until something interrupts; and one vector for a device that is not a virtio device.
#pragma once

#include "arch/processor.h"
#include "guest/machine/interrupts.h"

// Interrupts, the timer, and the vectors below.
void wake_init(void);

// Until the next interrupt. Those that came while interrupts were off count.
static inline void wake_sleep(void) {
  processor_sleep();
}

// Without an interrupt for so long, wake_expired turns true and wake_sleep ends. At most 60000 ms;
// 0 switches it off. Nothing where a machine has no timer for it.
void wake_guard(unsigned milliseconds);
int wake_expired(void);

// An interrupt after about so long.
void wake_after(unsigned microseconds);

// What is sent to `vector` by message, or by wire and edge, is counted and nothing else, as fast as
// can be. kVectorDevice is such a one from the start.
void wake_count_on(unsigned vector);
// `acknowledge` silences the device at each interrupt on kVectorDevice, privileged.
void wake_on_device(void (*acknowledge)(void));
// The interrupt line of a PCI function, level-triggered.
void wake_route_line(unsigned line);
// Takes the interrupts that wait; privileged.
void wake_take_pending(void);
// Interrupts on all these vectors. The second takes first what waits.
uint64_t wake_interrupts_seen(void);
uint64_t wake_interrupts(void);
