// The first PL011 of the device tree (Arm DDI 0183), or none.
#pragma once

enum {  // table 3-1; and bits of the flags
  kSerialData = 0x000,
  kSerialFlags = 0x018,
  kSerialTransmitFull = 1 << 5,
};

// On, 8 data bits, FIFOs, no interrupts.
void serial_init(void);
