#include "guest/virtio/pci.h"

PciFunction pci_find(unsigned offset, uint32_t mask, uint32_t value, unsigned index) {
  for (unsigned slot = 0; slot < 32; ++slot) {
    const uint32_t id = pci_read(pci_function(slot, 0), kPciVendor, 4);
    if (id == 0xffffffff || id == 0) {
      continue;
    }
    const unsigned functions = pci_read(pci_function(slot, 0), 0x0e, 1) & 0x80 ? 8 : 1;
    for (unsigned i = 0; i < functions; ++i) {
      const PciFunction function = pci_function(slot, i);
      const uint32_t vendor = pci_read(function, kPciVendor, 4);
      if (vendor != 0xffffffff && vendor != 0 && (pci_read(function, offset, 4) & mask) == value &&
          index-- == 0) {
        return function;
      }
    }
  }
  return 0;
}

uint16_t pci_ports(PciFunction function, unsigned bar) {
  const uint32_t low = pci_read(function, kPciBar0 + 4 * bar, 4);
  return low & 1 ? (uint16_t)(low & 0xfffc) : 0;
}

unsigned pci_capability(PciFunction function, unsigned id, unsigned after) {
  if (!(pci_read(function, kPciStatus, 2) & 0x10)) {
    return 0;
  }
  unsigned at = after ? pci_read(function, after + 1, 1) : pci_read(function, kPciCapabilities, 1);
  for (unsigned left = 48; left && at >= 0x40; --left) {
    at &= 0xfc;
    if (pci_read(function, at, 1) == id) {
      return at;
    }
    at = pci_read(function, at + 1, 1);
  }
  return 0;
}

uint64_t pci_bar(PciFunction function, unsigned bar) {
  const uint32_t low = pci_read(function, kPciBar0 + 4 * bar, 4);
  if (low & 1) {
    return 0;
  }
  uint64_t address = low & ~0xfu;
  if ((low & 6) == 4 && bar < 5) {
    address |= (uint64_t)pci_read(function, kPciBar0 + 4 * bar + 4, 4) << 32;
  }
  return address;
}

uint64_t pci_bar_size(PciFunction function, unsigned bar, int* is_64) {
  const unsigned at = kPciBar0 + 4 * bar;
  const uint32_t command = pci_read(function, kPciCommand, 2);
  pci_write(function, kPciCommand, 2, command & ~3u);
  const uint32_t low = pci_read(function, at, 4);
  *is_64 = !(low & 1) && (low & 6) == 4 && bar < 5;
  pci_write(function, at, 4, 0xffffffff);
  uint64_t mask = pci_read(function, at, 4) & (low & 1 ? ~3u : ~0xfu);
  const int empty = mask == 0;
  pci_write(function, at, 4, low);
  if (*is_64) {
    const uint32_t high = pci_read(function, at + 4, 4);
    pci_write(function, at + 4, 4, 0xffffffff);
    mask |= (uint64_t)pci_read(function, at + 4, 4) << 32;
    pci_write(function, at + 4, 4, high);
  } else {
    mask |= ~0xffffffffull;
  }
  pci_write(function, kPciCommand, 2, command);
  return empty ? 0 : ~mask + 1;
}

void pci_set_bar(PciFunction function, unsigned bar, uint64_t address) {
  const unsigned at = kPciBar0 + 4 * bar;
  const uint32_t low = pci_read(function, at, 4);
  pci_write(function, at, 4, (uint32_t)address);
  if (!(low & 1) && (low & 6) == 4 && bar < 5) {
    pci_write(function, at + 4, 4, (uint32_t)(address >> 32));
  }
}
