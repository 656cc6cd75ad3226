// irq: takes interrupts and counts them: of the virtual timer, of software (SGI 0, sent to itself),
// and of the first PL011's transmitter. Timer and software must bring ticks= interrupts each
// (default 10). It waits in WFI, so a missing interrupt shows as a program that never ends.

#include "arch/processor.h"
#include "guest/aarch64/runtime/gic.h"
#include "guest/aarch64/runtime/machine.h"
#include "guest/aarch64/runtime/serial.h"
#include "guest/aarch64/runtime/timer.h"
#include "guest/lib/print.h"
#include "guest/lib/text.h"
#include "guest/machine/clock.h"
#include "guest/machine/interrupts.h"
#include "guest/machine/processors.h"
#include "guest/machine/program.h"

enum {  // Arm DDI 0183, table 3-1; the transmit interrupt is bit 5 of each
  kSerialInterruptMask = 0x038,
  kSerialMaskedStatus = 0x040,
  kSerialInterruptClear = 0x044,
  kSerialTransmit = 1 << 5,
};
enum { kPeriodMilliseconds = 10 };

static volatile unsigned long timer_count, software_count, serial_count;
static const char* volatile to_send;

static void on_timer(unsigned vector) {
  timer_count = timer_count + 1;
  timer_in(kPeriodMilliseconds * cycles_per_millisecond());
  interrupts_end(vector);
}

static void on_software(unsigned vector) {
  software_count = software_count + 1;
  interrupts_end(vector);
}

static void on_serial(unsigned vector) {
  if (read32(machine.serial + kSerialMaskedStatus) & kSerialTransmit) {
    serial_count = serial_count + 1;
    write32(machine.serial + kSerialInterruptClear, kSerialTransmit);
    if (*to_send) {
      write32(machine.serial + kSerialData, (uint8_t)*to_send);
      to_send = to_send + 1;
    } else {
      write32(machine.serial + kSerialInterruptMask, 0);
    }
  }
  interrupts_end(vector);
}

static void wait_for(const volatile unsigned long* count, unsigned long wanted) {
  while (*count < wanted) {
    processor_sleep();
  }
}

static void count_timer(unsigned long ticks) {
  interrupts_set(kVectorTimer, on_timer);
  timer_in(kPeriodMilliseconds * cycles_per_millisecond());
  wait_for(&timer_count, ticks);
  timer_off();
  print_number("irq: virtual timer ", timer_count, "\n");
}

static void count_software(unsigned long ticks) {
  interrupts_set(kVectorDevice, on_software);
  for (unsigned long sent = 0; sent < ticks; ++sent) {
    gic_send(processors_self());
    wait_for(&software_count, sent + 1);
  }
  print_number("irq: software ", software_count, "\n");
}

// The interrupt comes when a byte has left: the first is sent by hand.
static void count_serial(void) {
  static const char kLine[] = "irq: this line was sent by interrupts\n";
  interrupts_route_line(machine.serial_line, 0, kVectorSerial, on_serial);
  write32(machine.serial + kSerialInterruptClear, kSerialTransmit);
  to_send = kLine + 1;
  write32(machine.serial + kSerialInterruptMask, kSerialTransmit);
  write32(machine.serial + kSerialData, (uint8_t)kLine[0]);
  wait_for(&serial_count, sizeof kLine - 1);
  write32(machine.serial + kSerialInterruptMask, 0);
  print_number("irq: serial ", serial_count, " by ");
  print(gic_name());
  print("\n");
}

int program_main(const char* command_line) {
  const unsigned long ticks = text_number(command_line, "ticks", 10);
  interrupts_init();
  interrupts_enable();
  count_timer(ticks);
  count_software(ticks);
  if (machine.serial) {
    count_serial();
  }
  return 0;
}
