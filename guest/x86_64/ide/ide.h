// A driver for one ATA disk on a PC's IDE channel in compatibility mode, one command at a time.
// Source: ATA/ATAPI-6 (T13/1410D) for registers and commands; Programming Interface for Bus Master
// IDE Controller 1.0 for DMA.
#pragma once

#include <stdint.h>

#include "guest/virtio/pci.h"

struct IdeDescriptor {  // a physical region; bit 31 of the second word ends the table
  uint32_t address;
  uint32_t bytes;
};

struct Ide {
  PciFunction function;  // 0: there is only the channel
  uint16_t command;      // ports of the command block
  uint16_t control;
  uint16_t bus_master;  // 0: programmed I/O only
  unsigned irq;
  unsigned drive;  // 0 or 1
  uint64_t sectors;
  int lba48;
  unsigned multiple;  // sectors of a block of READ MULTIPLE, 1 without it

  // The command under way.
  int busy, write, dma;
  uint8_t* data;
  uint32_t left;  // bytes, of programmed I/O
  volatile struct IdeDescriptor* regions;
};

// The `index`th disk: 0 and 1 master and slave of the first channel, 2 and 3 of the second. 0 if it
// is not there, or not a disk.
int ide_open(struct Ide* ide, unsigned index);

// These may run at CPL 3.
enum IdeState { kIdeUnderWay, kIdeDone, kIdeFailed };
// `bytes` is a multiple of 512, at most ide_maximum. `data` lies below 4 GiB on a 2-byte boundary.
int ide_submit(struct Ide* ide, int dma, int write, uint64_t sector, void* data, uint32_t bytes);
// Looks at the drive and moves what it has or wants. To be called at each interrupt, or over and
// over.
enum IdeState ide_poll(struct Ide* ide);
uint32_t ide_maximum(const struct Ide* ide);
