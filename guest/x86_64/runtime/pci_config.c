// Configuration mechanism #1 (PCI Local Bus 3.0, 3.2.2.3.2), or where there is none the memory that
// the ACPI table MCFG names (PCI Firmware 3.0, 4.1.2).
#include "guest/machine/high_memory.h"
#include "guest/virtio/pci.h"
#include "guest/virtio/registers.h"
#include "guest/x86_64/runtime/acpi.h"

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
