// Interrupts as drivers see them. A vector is a number of the program's own; how it is brought to
// the processor is the architecture's.
#pragma once

#include <stdint.h>

enum {  // below them are exceptions and the like
  kVectorTimer = 0x40,
  kVectorSerial = 0x41,
  kVectorConfig = 0x42,
  kVectorQueue0 = 0x43,  // and the next nine
  kVectorLine = 0x4d,
  kVectorDevice = 0x4e,
};

typedef void InterruptHandler(unsigned vector);

// With every vector unexpected: it is reported, and the program ends with status 99.
void interrupts_init(void);
// `handler` ends each of its interrupts.
void interrupts_set(unsigned vector, InterruptHandler* handler);
void interrupts_end(unsigned vector);

// What a device writes to send `vector` here.
struct InterruptMessage {
  uint64_t address;
  uint32_t data;
};
// Of the PCI function with this requester id. An address of 0: there are no messages.
struct InterruptMessage interrupts_message(unsigned requester, unsigned vector);

// Brings a device's wire, level-triggered, to `handler`, with the vector by which it comes. `line`
// is what its interrupt line register (`is_pci`) or its description says.
void interrupts_route_line(unsigned line, int is_pci, unsigned vector, InterruptHandler* handler);

// After interrupts_init: devices' interrupts and the alarm's reach this processor.
void interrupts_enable(void);
// One interrupt in so many milliseconds, 2000 at most, which only wakes; 0: none.
void interrupts_alarm(unsigned milliseconds);
// Takes those that wait.
void interrupts_take_pending(void);
