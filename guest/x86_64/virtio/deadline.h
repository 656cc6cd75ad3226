// Time-outs by the time-stamp counter.
#pragma once

#include "guest/x86_64/runtime/port_io.h"

// Cycles of the time-stamp counter in a millisecond: from KVM's clock or CPUID where they say so,
// else measured once against the ACPI timer, or the 8254.
uint64_t tsc_per_millisecond(void);

struct Deadline {
  uint64_t end;
};

static inline struct Deadline deadline_in(unsigned milliseconds) {
  return (struct Deadline){read_tsc() + milliseconds * tsc_per_millisecond()};
}
static inline int deadline_over(const struct Deadline* deadline) {
  return (int64_t)(read_tsc() - deadline->end) >= 0;
}
void sleep_milliseconds(unsigned milliseconds);
