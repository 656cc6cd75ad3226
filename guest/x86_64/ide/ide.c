#include "guest/x86_64/ide/ide.h"

#include "guest/virtio/registers.h"
#include "guest/x86_64/ide/ide_registers.h"
#include "guest/x86_64/runtime/port_io.h"

enum { kSector = 512, kRegion = 65536, kTries = 100000 };

uint32_t ide_maximum(const struct Ide* ide) {
  return ide->lba48 ? 1 << 20 : 256 * kSector;
}

// 32 bits wide, as drivers of PIIX do: where string output leaves the guest for each element, that
// is half as often.
static void in_words(uint16_t port, void* to, unsigned long count) {
  __asm__ volatile("rep insl" : "+D"(to), "+c"(count) : "d"(port) : "memory");
}

static void out_words(uint16_t port, const void* from, unsigned long count) {
  __asm__ volatile("rep outsl" : "+S"(from), "+c"(count) : "d"(port) : "memory");
}

// No region crosses a multiple of 64 KiB; a count of 0 means all of them.
static void write_regions(struct Ide* ide, uint32_t bytes) {
  uint32_t at = (uint32_t)(uintptr_t)ide->data;
  for (unsigned i = 0; bytes; ++i) {
    const uint32_t room = kRegion - at % kRegion;
    const uint32_t part = bytes < room ? bytes : room;
    bytes -= part;
    ide->regions[i].address = at;
    ide->regions[i].bytes = (part & 0xffff) | (bytes ? 0 : 0x80000000u);
    at += part;
  }
}

static uint8_t opcode(const struct Ide* ide, int extended) {
  // By DMA, multiple, one sector a block: read and write; then the same with 48 address bits.
  static const uint8_t kCodes[3][4] = {
      {kReadDma, kWriteDma, kReadDmaExt, kWriteDmaExt},
      {kReadMultiple, kWriteMultiple, kReadMultipleExt, kWriteMultipleExt},
      {kReadSectors, kWriteSectors, kReadSectorsExt, kWriteSectorsExt}};
  return kCodes[ide->dma ? 0 : ide->multiple > 1 ? 1 : 2][2 * extended + ide->write];
}

static void write_task_file(const struct Ide* ide, uint64_t sector, uint32_t sectors) {
  const int extended = sectors > 256 || sector + sectors > 1u << 28;
  const uint16_t port = ide->command;
  if (extended) {  // the registers are two bytes deep
    out8(port + kSectorCount, (uint8_t)(sectors >> 8));
    out8(port + kLbaLow, (uint8_t)(sector >> 24));
    out8(port + kLbaMid, (uint8_t)(sector >> 32));
    out8(port + kLbaHigh, (uint8_t)(sector >> 40));
  }
  out8(port + kSectorCount, (uint8_t)sectors);
  out8(port + kLbaLow, (uint8_t)sector);
  out8(port + kLbaMid, (uint8_t)(sector >> 8));
  out8(port + kLbaHigh, (uint8_t)(sector >> 16));
  const unsigned top = extended ? 0 : (unsigned)(sector >> 24) & 15;
  out8(port + kDevice, (uint8_t)(kDeviceLba | ide->drive << 4 | top));
  out8(port + kCommand, opcode(ide, extended));
}

static void move_block(struct Ide* ide) {
  const uint32_t block = ide->multiple * kSector;
  const uint32_t bytes = ide->left < block ? ide->left : block;
  if (ide->write) {
    out_words(ide->command + kData, ide->data, bytes / 4);
  } else {
    in_words(ide->command + kData, ide->data, bytes / 4);
  }
  ide->data += bytes;
  ide->left -= bytes;
}

// 9.6: the first block of a PIO data-out command is asked for without an interrupt.
static int send_first_block(struct Ide* ide) {
  for (unsigned tries = 0; tries < kTries; ++tries) {
    const uint8_t status = in8(ide->control);
    if (!(status & kBusy) && status & (kRequest | kError)) {
      if (status & kRequest) {
        move_block(ide);
      }
      return 1;
    }
  }
  return 0;
}

int ide_submit(struct Ide* ide, int dma, int write, uint64_t sector, void* data, uint32_t bytes) {
  if (ide->busy) {
    return 0;
  }
  ide->busy = 1;
  ide->dma = dma;
  ide->write = write;
  ide->data = data;
  ide->left = bytes;
  if (!dma) {
    write_task_file(ide, sector, bytes / kSector);
    return !write || send_first_block(ide);
  }
  write_regions(ide, bytes);
  write_barrier();
  const uint8_t direction = write ? 0 : kToMemory;
  out32(ide->bus_master + kTable, (uint32_t)(uintptr_t)ide->regions);
  out8(ide->bus_master + kBusMasterCommand, direction);
  out8(ide->bus_master + kBusMasterStatus,
       in8(ide->bus_master + kBusMasterStatus) | kDmaError | kDmaInterrupt);
  write_task_file(ide, sector, bytes / kSector);
  out8(ide->bus_master + kBusMasterCommand, direction | kStart);
  return 1;
}

static enum IdeState end(struct Ide* ide, int failed) {
  ide->busy = 0;
  return failed ? kIdeFailed : kIdeDone;
}

static enum IdeState poll_dma(struct Ide* ide) {
  const uint8_t state = in8(ide->bus_master + kBusMasterStatus);
  if (!(state & kDmaInterrupt)) {
    return kIdeUnderWay;
  }
  out8(ide->bus_master + kBusMasterCommand, 0);
  out8(ide->bus_master + kBusMasterStatus, state);  // what is set is cleared
  const uint8_t status = in8(ide->command + kStatus);
  write_barrier();
  return end(ide, (state & kDmaError) || status & (kBusy | kFault | kError));
}

static enum IdeState poll_words(struct Ide* ide) {
  const uint8_t status = in8(ide->command + kStatus);  // and the interrupt is acknowledged
  if (status & kBusy) {
    return kIdeUnderWay;
  }
  if (status & (kFault | kError)) {
    return end(ide, 1);
  }
  if (!ide->left) {
    return end(ide, (status & kRequest) != 0);
  }
  if (status & kRequest) {
    move_block(ide);
    if (!ide->left && !ide->write) {  // 9.5: no interrupt follows the last block
      return end(ide, 0);
    }
  }
  return kIdeUnderWay;
}

enum IdeState ide_poll(struct Ide* ide) {
  return ide->dma ? poll_dma(ide) : poll_words(ide);
}
