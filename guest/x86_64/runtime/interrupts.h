// Interrupts and exceptions in long mode: IDT, the two 8259A, the local APIC and the I/O APIC.
#pragma once

#include "guest/machine/interrupts.h"

enum {
  kVectorPic = 0x20,                 // PIC inputs 0-15 arrive here
  kVectorLocalTimer = kVectorTimer,  // programs choose what else they use below kVectorCount
  kVectorSpurious = 0x4f,            // low four bits ones, for the oldest local APICs
  kVectorCount = 0x50,
};

// interrupts_init loads an IDT in which every exception prints a report and ends the program, and
// masks both PICs. Handlers send their own end-of-interrupt (pic_eoi, local_apic_eoi, or
// interrupts_end).
// Loads the same IDT on another processor.
void interrupts_load(void);
// For code of its own behind a vector, without the common entry. Lost by interrupts_init.
void interrupts_set_gate(unsigned vector, void (*entry)(void));
// The common entry again, which calls the handler.
void interrupts_restore_gate(unsigned vector);

// 8259A (Intel 231468). Initializes both at kVectorPic with every input masked.
void pic_init(void);
void pic_unmask(unsigned input);
void pic_mask(unsigned input);
void pic_eoi(unsigned input);

// Local APIC in xAPIC mode (Intel SDM volume 3, chapter 11), at the address of IA32_APIC_BASE.
enum {
  kApicId = 0x20,
  kApicVersion = 0x30,
  kApicEoi = 0xb0,
  kApicSpurious = 0xf0,
  kApicInterruptCommandLow = 0x300,
  kApicInterruptCommandHigh = 0x310,
  kApicTimer = 0x320,
  kApicLint0 = 0x350,
  kApicTimerInitial = 0x380,
  kApicTimerCurrent = 0x390,
  kApicTimerDivide = 0x3e0,
};
int local_apic_present(void);
uint32_t local_apic_read(unsigned offset);
void local_apic_write(unsigned offset, uint32_t value);
void local_apic_eoi(void);
// Software-enables it and passes the PIC's interrupts through LINT0, as firmware leaves it.
void local_apic_enable(void);

// Routes ISA interrupt `irq` through the first I/O APIC of the MADT (overrides obeyed) to this CPU.
// 0 if there is none.
int io_apic_route(unsigned irq, unsigned vector);
// Routes global interrupt `gsi` to this CPU: level- or edge-triggered, active high. The first I/O
// APIC of the MADT; the usual address where there is no MADT.
void io_apic_route_gsi(unsigned gsi, unsigned vector, int level);
