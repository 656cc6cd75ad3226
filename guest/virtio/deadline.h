// Time-outs by the clock.
#pragma once

#include "arch/processor.h"
#include "guest/machine/clock.h"

struct Deadline {
  uint64_t end;
};

static inline struct Deadline deadline_in(unsigned milliseconds) {
  return (struct Deadline){read_cycles() + milliseconds * cycles_per_millisecond()};
}
static inline int deadline_over(const struct Deadline* deadline) {
  return (int64_t)(read_cycles() - deadline->end) >= 0;
}

static inline void sleep_milliseconds(unsigned milliseconds) {
  const struct Deadline deadline = deadline_in(milliseconds);
  while (!deadline_over(&deadline)) {
    processor_pause();
  }
}
