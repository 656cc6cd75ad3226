#include "guest/bench/hold.h"

#include "guest/bench/wake.h"
#include "guest/machine/console.h"

enum { kLookRarely = 100000, kLookOften = 2000 };  // [us]

static volatile int came;
static unsigned look_every = kLookRarely;

static void on_input(void) {
  came = 1;
}

void hold_init(void) {
  console_input_init(on_input);
}

void hold_wait(void) {
  came = 0;
  int slept = 0;
  console_listen(1);
  while (!console_has_input()) {
    wake_after(look_every);
    wake_sleep();
    slept = 1;
  }
  if (slept) {
    look_every = came ? kLookRarely : kLookOften;
  }
  wake_guard(0);
  console_listen(0);
  (void)console_take();
}
