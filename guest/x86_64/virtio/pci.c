#include "guest/x86_64/virtio/pci.h"

#include "guest/x86_64/runtime/acpi.h"
#include "guest/x86_64/runtime/high_memory.h"
#include "guest/x86_64/runtime/port_io.h"
#include "guest/x86_64/virtio/registers.h"

enum { kAddressPort = 0xcf8, kDataPort = 0xcfc, kBusBytes = 1 << 20 };

static enum { kUnknown, kPorts, kMemory, kNoPci } mechanism;
static uint64_t memory;  // of bus 0

static void look_for_memory(void) {
  const uint8_t* mcfg = acpi_find("MCFG");
  for (uint32_t at = 44; mcfg && at + 16 <= acpi_u32(mcfg, 4); at += 16) {
    // Base, segment group, first and last bus.
    if (acpi_u16(mcfg, at + 8) == 0 && mcfg[at + 10] == 0 &&
        map_high_memory(acpi_u64(mcfg, at), kBusBytes)) {
      memory = acpi_u64(mcfg, at);
      mechanism = kMemory;
      return;
    }
  }
}

static void look_for_bus(void) {
  mechanism = kNoPci;
  out32(kAddressPort, 0x80000000u);
  if (in32(kAddressPort) == 0x80000000u) {
    mechanism = kPorts;
  } else {
    look_for_memory();
  }
}

static uint64_t memory_of(PciFunction function, unsigned offset) {
  return memory + ((uint64_t)(function & 0xff00) << 4) + offset;
}

uint32_t pci_read(PciFunction function, unsigned offset, unsigned width) {
  if (mechanism == kUnknown) {
    look_for_bus();
  }
  if (mechanism == kMemory) {
    return (uint32_t)read_width(memory_of(function, offset), width);
  }
  if (mechanism == kNoPci) {
    return ~0u >> (32 - 8 * width);
  }
  out32(kAddressPort, function | (offset & 0xfc));
  const uint16_t port = (uint16_t)(kDataPort + (offset & 3));
  return width == 1 ? in8(port) : width == 2 ? in16(port) : in32(port);
}

void pci_write(PciFunction function, unsigned offset, unsigned width, uint32_t value) {
  if (mechanism == kMemory) {
    write_width(memory_of(function, offset), width, value);
    return;
  }
  out32(kAddressPort, function | (offset & 0xfc));
  const uint16_t port = (uint16_t)(kDataPort + (offset & 3));
  if (width == 1) {
    out8(port, (uint8_t)value);
  } else if (width == 2) {
    out16(port, (uint16_t)value);
  } else {
    out32(port, value);
  }
}

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
