#include "guest/x86_64/runtime/console_input.h"

#include "guest/machine/console.h"
#include "guest/x86_64/runtime/interrupts.h"
#include "guest/x86_64/runtime/port_io.h"
#include "guest/x86_64/runtime/serial.h"

// PC16550D: interrupt enable bit 0, received data; OUT2 of modem control gates the interrupt.
enum { kReceivedData = 1, kModemLines = 0x0b, kComInterrupt = 4 };

static void (*input_action)(void);
static void (*volatile diverted)(void);

static void on_serial(unsigned vector) {
  if (diverted) {
    diverted();
  } else {
    console_listen(0);  // the byte stays, and the wire falls
    input_action();
  }
  interrupts_end(vector);
}

void console_input_init(void (*on_input)(void)) {
  input_action = on_input;
  interrupts_set(kVectorSerial, on_serial);
  interrupts_set(kVectorPic + kComInterrupt, on_serial);
  if (!local_apic_present() || !io_apic_route(kComInterrupt, kVectorSerial)) {
    pic_unmask(kComInterrupt);
  }
  out8(kSerialModemControl, kModemLines);
}

void console_input_divert(void (*action)(void)) {
  diverted = action;
}

void console_listen(int on) {
  out8(kSerialInterruptEnable, on ? kReceivedData : 0);
}

int console_has_input(void) {
  return in8(kSerialLineStatus) & kSerialDataReady;
}

char console_take(void) {
  return (char)in8(kSerialData);
}
