#include "guest/bench/wake.h"

#include "guest/aarch64/runtime/timer.h"
#include "guest/machine/clock.h"
#include "guest/virtio/completion.h"

static volatile uint64_t count;
static volatile int expired;
static void (*volatile device_acknowledge)(void);

static void on_timer(unsigned vector) {
  timer_off();
  expired = 1;
  interrupts_end(vector);
}

static void on_counted(unsigned vector) {
  count = count + 1;
  interrupts_end(vector);
}

static void on_device(unsigned vector) {
  count = count + 1;
  if (device_acknowledge) {
    device_acknowledge();
  }
  interrupts_end(vector);
}

void wake_init(void) {
  completion_init();
  interrupts_set(kVectorTimer, on_timer);
  wake_count_on(kVectorDevice);
}

void wake_guard(unsigned milliseconds) {
  expired = 0;
  if (milliseconds) {
    timer_in(milliseconds * cycles_per_millisecond());
  } else {
    timer_off();
  }
}

int wake_expired(void) {
  return expired;
}

void wake_after(unsigned microseconds) {
  expired = 0;
  timer_in(microseconds * cycles_per_millisecond() / 1000);
}

void wake_count_on(unsigned vector) {
  interrupts_set(vector, on_counted);
}

void wake_on_device(void (*acknowledge)(void)) {
  device_acknowledge = acknowledge;
  interrupts_set(kVectorDevice, on_device);
}

void wake_route_line(unsigned line) {
  interrupts_route_line(line, 1, kVectorDevice, on_device);
}

void wake_take_pending(void) {
  interrupts_take_pending();
}

uint64_t wake_interrupts_seen(void) {
  return count;
}

uint64_t wake_interrupts(void) {
  wake_take_pending();
  return count;
}
