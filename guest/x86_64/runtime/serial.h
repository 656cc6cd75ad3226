// COM1, a 16550A (National Semiconductor PC16550D data sheet), polled unless a program enables its
// interrupts.
#pragma once

enum {
  kSerialData = 0x3f8,
  kSerialInterruptEnable = 0x3f9,
  kSerialInterruptIdent = 0x3fa,  // read
  kSerialFifoControl = 0x3fa,     // write
  kSerialLineControl = 0x3fb,
  kSerialModemControl = 0x3fc,
  kSerialLineStatus = 0x3fd,

  kSerialDataReady = 0x01,
  kSerialTransmitEmpty = 0x20,
};

// 8 data bits, no interrupts. Leaves the FIFO setting alone: changing it would clear input that
// waits already.
void serial_init(void);
// Waits until the transmitter is free.
void serial_put(char c);
