// What guest/bench/wake.h has beside on a PC, where there may be a local APIC or none.
#pragma once

#include "guest/bench/wake.h"

// By the 8254, at most 54 ms; its input of the PIC must be open (pic_unmask).
void wake_after_by_pit(unsigned microseconds);
// The timer is what it was, after wake_count_on had its vector.
void wake_timer_again(void);
// End of that interrupt, for a gate of one's own that did not send it.
void wake_end_timer(void);
// ISA interrupt `irq`, edge-triggered, by the I/O APIC or the PIC.
void wake_route_isa(unsigned irq);
