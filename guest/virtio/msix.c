#include "guest/virtio/msix.h"

#include "guest/machine/high_memory.h"
#include "guest/machine/interrupts.h"
#include "guest/virtio/registers.h"

enum { kEnable = 1 << 15, kEntry = 16 };

struct Msix msix_find(PciFunction function) {
  struct Msix msix = {.capability = pci_capability(function, kPciCapabilityMsix, 0)};
  if (!msix.capability) {
    return msix;
  }
  msix.count = (pci_read(function, msix.capability + 2, 2) & 0x7ff) + 1;
  const uint32_t table = pci_read(function, msix.capability + 4, 4);
  const uint64_t bar = (table & 7) < 6 ? pci_bar(function, table & 7) : 0;
  if (bar && map_high_memory(bar + (table & ~7u), kEntry * msix.count)) {
    msix.table = bar + (table & ~7u);
  }
  return msix;
}

int msix_write_entry(PciFunction function, const struct Msix* msix, unsigned index,
                     unsigned vector) {
  const struct InterruptMessage message = interrupts_message(pci_requester(function), vector);
  const uint64_t entry = msix->table + kEntry * index;
  if (!message.address) {
    return 0;
  }
  write32(entry, (uint32_t)message.address);
  write32(entry + 4, (uint32_t)(message.address >> 32));
  write32(entry + 8, message.data);
  write32(entry + 12, 0);
  return 1;
}

void msix_mask_entry(const struct Msix* msix, unsigned index) {
  write32(msix->table + kEntry * index + 12, 1);
}

void msix_enable(PciFunction function, const struct Msix* msix) {
  pci_write(function, msix->capability + 2, 2, kEnable);
}
