// irq: takes interrupts in long mode and counts them: 8254 timer through the PIC, local APIC timer,
// and the transmitter of COM1 through the I/O APIC (PIC if the MADT names none). Each source must
// bring ticks= interrupts (default 10). It waits in HLT, so a missing interrupt shows as a program
// that never ends. "no-pit" leaves out the 8254, "no-local-apic" all that a machine without one
// lacks.

#include "guest/lib/print.h"
#include "guest/lib/text.h"
#include "guest/machine/program.h"
#include "guest/x86_64/runtime/interrupts.h"
#include "guest/x86_64/runtime/port_io.h"
#include "guest/x86_64/runtime/serial.h"

static volatile unsigned long pit_count;
static volatile unsigned long local_count;
static volatile unsigned long serial_count;
static int serial_through_io_apic;
static const char* volatile to_send;

static void on_pit(unsigned vector) {
  (void)vector;
  pit_count = pit_count + 1;
  pic_eoi(0);
}

static void on_local_timer(unsigned vector) {
  (void)vector;
  local_count = local_count + 1;
  local_apic_eoi();
}

static void on_serial(unsigned vector) {
  (void)vector;
  if ((in8(kSerialInterruptIdent) & 0x0f) ==
      0x02) {  // transmitter empty; reading this acknowledged it
    serial_count = serial_count + 1;
    if (*to_send) {
      out8(kSerialData, (uint8_t)*to_send);
      to_send = to_send + 1;
    } else {
      out8(kSerialInterruptEnable, 0);
    }
  }
  if (serial_through_io_apic) {
    local_apic_eoi();
  } else {
    pic_eoi(4);
  }
}

static void wait_for(volatile unsigned long* count, unsigned long wanted) {
  interrupts_off();
  while (*count < wanted) {
    interrupts_on_and_halt();
    interrupts_off();
  }
}

static void count_pit(unsigned long ticks) {
  interrupts_set(kVectorPic, on_pit);
  out8(0x43, 0x34);  // counter 0, both bytes, mode 2 (8254 data sheet); 1193182 Hz / 11932 = 100 Hz
  out8(0x40, 11932 & 0xff);
  out8(0x40, 11932 >> 8);
  pic_unmask(0);
  wait_for(&pit_count, ticks);
  pic_mask(0);
  print_number("irq: pit ", pit_count, "\n");
}

static void count_local_timer(unsigned long ticks) {
  interrupts_set(kVectorLocalTimer, on_local_timer);
  local_apic_write(kApicTimerDivide, 0x0b);                   // by 1
  local_apic_write(kApicTimer, 1 << 17 | kVectorLocalTimer);  // periodic
  local_apic_write(kApicTimerInitial, 10000000);  // 10 ms under KVM, whose timer counts nanoseconds
  wait_for(&local_count, ticks);
  local_apic_write(kApicTimerInitial, 0);
  print_number("irq: local timer ", local_count, "\n");
}

static void count_serial(void) {
  interrupts_set(kVectorSerial, on_serial);
  interrupts_set(kVectorPic + 4, on_serial);
  serial_through_io_apic = io_apic_route(4, kVectorSerial);
  if (!serial_through_io_apic) {
    pic_unmask(4);
  }
  to_send = "irq: this line was sent by interrupts\n";
  out8(kSerialModemControl, 0x0b);  // OUT2 gates the interrupt on a PC
  out8(kSerialInterruptEnable, 2);  // transmitter empty: it is, so the first comes at once
  wait_for(&serial_count, 39);
  out8(kSerialInterruptEnable, 0);
  print_number("irq: serial ", serial_count,
               serial_through_io_apic ? " by io-apic\n" : " by pic\n");
}

int program_main(const char* command_line) {
  const unsigned long ticks = text_number(command_line, "ticks", 10);
  interrupts_init();
  const int has_local_apic = !text_has_word(command_line, "no-local-apic");
  if (has_local_apic) {
    local_apic_enable();
  }
  if (!text_has_word(command_line, "no-pit")) {
    count_pit(ticks);
  }
  if (has_local_apic) {
    count_local_timer(ticks);
  }
  count_serial();
  return 0;
}
