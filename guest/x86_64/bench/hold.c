#include "guest/x86_64/bench/hold.h"

#include "guest/x86_64/bench/wake.h"
#include "guest/x86_64/runtime/interrupts.h"
#include "guest/x86_64/runtime/port_io.h"
#include "guest/x86_64/runtime/serial.h"

// PC16550D: interrupt enable bit 0, received data; OUT2 of modem control gates the interrupt.
enum { kReceivedData = 1, kModemLines = 0x0b, kComInterrupt = 4 };
enum { kLookRarely = 100000, kLookOften = 2000 };  // [us]

static int by_io_apic;
static volatile int came;
static unsigned look_every = kLookRarely;

static void (*volatile serial_action)(void);

static void on_serial(unsigned vector) {
  (void)vector;
  if (serial_action) {
    serial_action();
  } else {
    out8(kSerialInterruptEnable, 0);  // the byte stays, and the wire falls
    came = 1;
  }
  if (by_io_apic) {
    local_apic_eoi();
  } else {
    pic_eoi(kComInterrupt);
  }
}

void hold_init(void) {
  interrupts_set(kVectorSerial, on_serial);
  interrupts_set(kVectorPic + kComInterrupt, on_serial);
  by_io_apic = wake_has_local_apic() && io_apic_route(kComInterrupt, kVectorSerial);
  if (!by_io_apic) {
    pic_unmask(kComInterrupt);
  }
  out8(kSerialModemControl, kModemLines);
}

void hold_on_serial(void (*action)(void)) {
  serial_action = action;
}

static int is_there(void) {
  return in8(kSerialLineStatus) & kSerialDataReady;
}

void hold_wait(void) {
  came = 0;
  int slept = 0;
  out8(kSerialInterruptEnable, kReceivedData);
  while (!is_there()) {
    wake_after(look_every);
    wake_sleep();
    slept = 1;
  }
  if (slept) {
    look_every = came ? kLookRarely : kLookOften;
  }
  wake_guard(0);
  out8(kSerialInterruptEnable, 0);
  (void)in8(kSerialData);
}
