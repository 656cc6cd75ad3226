// Sleeping until something interrupts, on machines with a local APIC and without; and one vector
// for a device that is not a virtio device.
#pragma once

#include <stdint.h>

enum { kVectorDevice = 0x4e };

// interrupts_init, the local APIC if there is one, and the vectors below.
void wake_init(void);
int wake_has_local_apic(void);

// Until the next interrupt. Those that came while interrupts were off count.
static inline void wake_sleep(void) {
  __asm__ volatile("sti; hlt; cli" : : : "memory");
}

// Without an interrupt for so long, wake_expired turns true and wake_sleep ends. At most 60000 ms;
// 0 switches it off. Nothing where there is no local APIC.
void wake_guard(unsigned milliseconds);
int wake_expired(void);

// An interrupt after about so long.
void wake_after(unsigned microseconds);
// By the 8254, at most 54 ms; its input of the PIC must be open (pic_unmask).
void wake_after_by_pit(unsigned microseconds);
// The timer is what it was, after wake_count_on had its vector.
void wake_timer_again(void);
// End of that interrupt, for a gate of one's own that did not send it.
void wake_end_timer(void);

// What is sent to `vector` by message, or by wire and edge, is counted and nothing else, as fast as
// can be. kVectorDevice is such a one from the start.
void wake_count_on(unsigned vector);
// `acknowledge` silences the device at each interrupt on kVectorDevice, at CPL 0.
void wake_on_device(void (*acknowledge)(void));
// ISA interrupt `irq`, edge-triggered, by the I/O APIC or the PIC.
void wake_route_isa(unsigned irq);
// The interrupt line of a PCI function, level-triggered.
void wake_route_line(unsigned line);
// Takes the interrupts that wait; at CPL 0.
void wake_take_pending(void);
// Interrupts on all these vectors. The second takes first what waits.
uint64_t wake_interrupts_seen(void);
uint64_t wake_interrupts(void);
