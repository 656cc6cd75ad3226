// MSI-X of a PCI function (PCI Local Bus 3.0, 6.8.2).
#pragma once

#include "guest/virtio/pci.h"

struct Msix {
  unsigned capability;  // 0: there is none
  unsigned count;       // entries
  uint64_t table;       // address; 0: it cannot be reached
};

struct Msix msix_find(PciFunction function);
// Entry `index` brings `vector` to this processor. 0: there are no messages here.
int msix_write_entry(PciFunction function, const struct Msix* msix, unsigned index,
                     unsigned vector);
void msix_mask_entry(const struct Msix* msix, unsigned index);
// Turns MSI-X on.
void msix_enable(PciFunction function, const struct Msix* msix);
