// Devices' interrupts, by message, I/O APIC or PIC, and the alarm.
#include "guest/x86_64/runtime/interrupts.h"
#include "guest/x86_64/runtime/port_io.h"

static void on_timer(unsigned vector) {
  interrupts_end(vector);
}

void interrupts_end(unsigned vector) {
  if (vector < kVectorLocalTimer) {
    pic_eoi(vector - kVectorPic);
  } else {
    local_apic_eoi();
  }
}

struct InterruptMessage interrupts_message(unsigned requester, unsigned vector) {
  (void)requester;
  const uint32_t id = local_apic_read(kApicId) >> 24;
  return (struct InterruptMessage){0xfee00000u | id << 12, vector};  // Intel SDM 3, 11.11
}

void interrupts_route_line(unsigned line, int is_pci, unsigned vector, InterruptHandler* handler) {
  if (is_pci && line < 16) {  // a PC whose firmware routed it to the PICs
    interrupts_set(kVectorPic + line, handler);
    pic_unmask(line);
    pic_unmask(2);
  } else {
    interrupts_set(vector, handler);
    io_apic_route_gsi(line, vector, 1);
  }
}

void interrupts_enable(void) {
  local_apic_enable();
  interrupts_set(kVectorLocalTimer, on_timer);
  local_apic_write(kApicTimerDivide, 0x0b);  // by 1; KVM's timer counts nanoseconds
  local_apic_write(kApicTimer, kVectorLocalTimer);
}

void interrupts_alarm(unsigned milliseconds) {
  local_apic_write(kApicTimerInitial, milliseconds * 1000000);
}

// The exits are there because a KVM that interprets this may look for interrupts only at one.
void interrupts_take_pending(void) {
  interrupts_on();
  delay_microseconds(2);
  interrupts_off();
}
