#include "guest/virtio/completion.h"
#include "guest/virtio/deadline.h"
#include "guest/x86_64/bench/wake_pc.h"
#include "guest/x86_64/runtime/interrupts.h"
#include "guest/x86_64/runtime/port_io.h"

enum { kApicBase = 0x1b };
static const uint64_t kApicUsual = 0xfee00000;

// wake_entry.S
void wake_count_entry(void);
extern volatile uint64_t wake_count;

static volatile int expired;
static struct Deadline earliest;  // before it, no guard is over
static void (*volatile device_acknowledge)(void);
static int local_apic_there;

void wake_end_timer(void) {
  if (local_apic_there) {
    local_apic_eoi();
  } else {
    pic_eoi(0);
  }
}

static void on_timer(unsigned vector) {
  expired = 1;
  if (vector == kVectorPic) {  // the 8254
    pic_eoi(0);
  } else {
    local_apic_eoi();
  }
}

static void on_device(unsigned vector) {
  wake_count = wake_count + 1;
  if (device_acknowledge) {
    device_acknowledge();
  }
  interrupts_end(vector);
}

void wake_count_on(unsigned vector) {
  interrupts_set(vector, on_device);
  if (local_apic_there && (read_msr(kApicBase) & ~0xfffull) == kApicUsual) {
    interrupts_set_gate(vector, wake_count_entry);
  }
}

// 8259A: a request that has gone before it is acknowledged comes as input 7. The first PIC has one
// of its inputs in service then, if it was the second's.
static void on_spurious(unsigned vector) {
  if (vector == kVectorPic + 15) {
    pic_eoi(0);
  }
}

void wake_timer_again(void) {
  interrupts_set(kVectorLocalTimer, on_timer);
  interrupts_restore_gate(kVectorLocalTimer);
}

void wake_init(void) {
  completion_init();
  interrupts_set(kVectorPic + 7, on_spurious);
  interrupts_set(kVectorPic + 15, on_spurious);
  local_apic_there = local_apic_present();
  wake_timer_again();
  interrupts_set(kVectorPic, on_timer);
  if (local_apic_there) {
    local_apic_write(kApicTimer, kVectorLocalTimer);
  }
  wake_count_on(kVectorDevice);
}

void wake_guard(unsigned milliseconds) {
  expired = 0;
  earliest = deadline_in(milliseconds / 2);
  if (local_apic_there) {
    local_apic_write(kApicTimerDivide, 0x03);  // by 16; KVM's timer counts nanoseconds
    local_apic_write(kApicTimerInitial, milliseconds * 62500);
  }
}

// The interrupt of a timer that was set before may still have waited when this one was set: of
// hold_wait's, if the runner took about as long as that.
int wake_expired(void) {
  if (expired && !deadline_over(&earliest)) {
    expired = 0;
  }
  return expired;
}

// Intel 8254 data sheet: counter 0, mode 0 (one interrupt at the end), 1193182 Hz.
void wake_after_by_pit(unsigned microseconds) {
  unsigned count = microseconds * 1193 / 1000;
  count = count < 1 ? 1 : count > 0xffff ? 0xffff : count;
  out8(0x43, 0x30);
  out8(0x40, (uint8_t)count);
  out8(0x40, (uint8_t)(count >> 8));
}

void wake_after(unsigned microseconds) {
  expired = 0;
  if (!local_apic_there) {
    pic_unmask(0);
    wake_after_by_pit(microseconds);
    return;
  }
  local_apic_write(kApicTimerDivide, 0x0b);  // by 1
  local_apic_write(kApicTimerInitial, microseconds * 1000);
}

void wake_on_device(void (*acknowledge)(void)) {
  device_acknowledge = acknowledge;
  interrupts_restore_gate(kVectorDevice);
}

void wake_route_isa(unsigned irq) {
  if (local_apic_there && io_apic_route(irq, kVectorDevice)) {
    return;
  }
  interrupts_set(kVectorPic + irq, on_device);
  pic_unmask(irq);
  pic_unmask(2);
}

void wake_route_line(unsigned line) {
  interrupts_route_line(line, 1, kVectorDevice, on_device);
}

uint64_t wake_interrupts_seen(void) {
  return wake_count;
}

// A KVM that interprets this may look for interrupts only at an exit. This one ends in the kernel:
// it must not be counted among those of what is measured.
void wake_take_pending(void) {
  interrupts_on();
  if (local_apic_there) {
    (void)local_apic_read(kApicId);
    (void)local_apic_read(kApicId);
  } else {
    delay_microseconds(2);
  }
  interrupts_off();
}

uint64_t wake_interrupts(void) {
  wake_take_pending();
  return wake_count;
}
