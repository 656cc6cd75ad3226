#include "guest/aarch64/runtime/timer.h"
#include "guest/machine/clock.h"
#include "guest/machine/interrupts.h"

static void on_timer(unsigned vector) {
  timer_off();
  interrupts_end(vector);
}

void interrupts_alarm(unsigned milliseconds) {
  interrupts_set(kVectorTimer, on_timer);
  if (milliseconds) {
    timer_in(milliseconds * cycles_per_millisecond());
  } else {
    timer_off();
  }
}
