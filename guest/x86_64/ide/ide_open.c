#include "guest/virtio/deadline.h"
#include "guest/virtio/pool.h"
#include "guest/x86_64/ide/ide.h"
#include "guest/x86_64/ide/ide_registers.h"
#include "guest/x86_64/runtime/port_io.h"

enum {
  kClassIde = 0x01010000,
  kPatience = 5000,
  kRegions = 32,
  kNoInterrupt = 2,  // Device Control, nIEN
  kBlock = 16,
  kSetTransferMode = 3,
  kUltraDma = 0x40,
  kMultiwordDma = 0x20,
};

// Status once BSY is clear, or -1.
static int wait_idle(const struct Ide* ide) {
  const struct Deadline deadline = deadline_in(kPatience);
  do {
    const uint8_t status = in8(ide->command + kStatus);
    if (!(status & kBusy)) {
      return status;
    }
  } while (!deadline_over(&deadline));
  return -1;
}

static int command(const struct Ide* ide, unsigned features, unsigned count, uint8_t code) {
  out8(ide->command + kFeatures, (uint8_t)features);
  out8(ide->command + kSectorCount, (uint8_t)count);
  out8(ide->command + kCommand, code);
  const int status = wait_idle(ide);
  return status > 0 && !(status & (kError | kFault));
}

static int identify(const struct Ide* ide, uint16_t* words) {
  const uint16_t port = ide->command;
  if (in8(port + kStatus) == 0xff) {  // nobody drives the bus
    return 0;
  }
  out8(port + kDevice, (uint8_t)(kDeviceLba | ide->drive << 4));
  out8(ide->control, kNoInterrupt);
  if (wait_idle(ide) < 0 || in8(port + kStatus) == 0x7f) {
    return 0;
  }
  if (!command(ide, 0, 0, kIdentifyDevice) || !(in8(port + kStatus) & kRequest)) {
    return 0;
  }
  for (unsigned i = 0; i < 256; ++i) {
    words[i] = in16(port + kData);
  }
  return !(words[0] & 0x8000);  // 8.15: bit 15 is clear in an ATA device
}

static unsigned highest(unsigned modes) {
  unsigned mode = 0;
  while (modes >> (mode + 1)) {
    ++mode;
  }
  return mode;
}

// Words 47 (READ MULTIPLE), 60 and 61, 83 and 100 to 103 (size), 63 and 88 (DMA modes).
static void configure(struct Ide* ide, const uint16_t* words) {
  ide->lba48 = words[83] >> 10 & 1;
  ide->sectors = words[60] | (uint64_t)words[61] << 16;
  if (ide->lba48) {
    ide->sectors = words[100] | (uint64_t)words[101] << 16 | (uint64_t)words[102] << 32;
  }
  ide->multiple = 1;
  if ((words[47] & 0xff) >= kBlock && command(ide, 0, kBlock, kSetMultiple)) {
    ide->multiple = kBlock;
  }
  const unsigned ultra = words[53] & 4 ? words[88] & 7 : 0;  // up to mode 2 any cable will do
  const unsigned mode = ultra ? kUltraDma | highest(ultra) : kMultiwordDma | highest(words[63] & 7);
  if ((!ultra && !(words[63] & 7)) || !command(ide, kSetTransferMode, mode, kSetFeatures)) {
    ide->bus_master = 0;
  }
}

int ide_open(struct Ide* ide, unsigned index) {
  const unsigned second = index >> 1 & 1;
  *ide = (struct Ide){.command = second ? 0x170 : 0x1f0,
                      .control = second ? 0x376 : 0x3f6,
                      .irq = second ? 15 : 14,
                      .drive = index & 1};
  ide->function = pci_find(kPciClass, 0xffff0000u, kClassIde, 0);
  if (ide->function) {
    const uint16_t ports = pci_ports(ide->function, 4);
    ide->bus_master = ports ? (uint16_t)(ports + 8 * second) : 0;
    pci_write(ide->function, kPciCommand, 2, kPciCommandIo | kPciCommandMaster);
  }
  uint16_t* words = pool_take(512, 512);
  if (!identify(ide, words)) {
    return 0;
  }
  configure(ide, words);
  ide->regions = pool_take(kRegions * sizeof *ide->regions, 256);
  out8(ide->control, 0);
  (void)in8(ide->command + kStatus);
  return 1;
}
