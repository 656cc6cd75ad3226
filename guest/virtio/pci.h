// PCI configuration space of bus 0.
#pragma once

#include <stdint.h>

enum {
  kPciVendor = 0x00,
  kPciDevice = 0x02,
  kPciCommand = 0x04,
  kPciStatus = 0x06,
  kPciClass = 0x08,  // revision, interface, subclass, class
  kPciBar0 = 0x10,
  kPciSubsystem = 0x2e,
  kPciCapabilities = 0x34,
  kPciInterruptLine = 0x3c,

  kPciCommandIo = 1,
  kPciCommandMemory = 2,
  kPciCommandMaster = 4,
  kPciCommandNoIntx = 0x400,

  kPciCapabilityMsix = 0x11,
  kPciCapabilityVendor = 0x09,
};

// A function, as the address port of mechanism #1 takes it: bus, device, function, register 0.
typedef uint32_t PciFunction;

static inline PciFunction pci_function(unsigned slot, unsigned function) {
  return 0x80000000u | slot << 11 | function << 8;
}
static inline unsigned pci_slot(PciFunction function) {
  return function >> 11 & 31;
}

// Its requester id.
static inline unsigned pci_requester(PciFunction function) {
  return function >> 8 & 0xffff;
}

// The architecture's way into configuration space. `width` is 1, 2 or 4; `offset` below 256.
uint32_t pci_read(PciFunction function, unsigned offset, unsigned width);
void pci_write(PciFunction function, unsigned offset, unsigned width, uint32_t value);

// The first capability `id` behind `after` (0: from the start), or 0.
unsigned pci_capability(PciFunction function, unsigned id, unsigned after);
// The `index`th function of bus 0 whose register `offset`, 4 wide, holds `value` under `mask`; 0 if
// there is none.
PciFunction pci_find(unsigned offset, uint32_t mask, uint32_t value, unsigned index);
// Base of an I/O BAR; 0 for any other.
uint16_t pci_ports(PciFunction function, unsigned bar);
// Address a memory BAR decodes; 0 for an I/O BAR or an empty one. Both halves of a 64-bit one.
uint64_t pci_bar(PciFunction function, unsigned bar);
// [bytes] by the all-ones method, with decoding off meanwhile; `*is_64` tells whether it takes two.
uint64_t pci_bar_size(PciFunction function, unsigned bar, int* is_64);
void pci_set_bar(PciFunction function, unsigned bar, uint64_t address);
