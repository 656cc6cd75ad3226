// Configuration space in memory: ECAM of the device tree's generic host (host-generic-pci.yaml).
#include "guest/aarch64/runtime/machine.h"
#include "guest/aarch64/runtime/pci_setup.h"
#include "guest/machine/high_memory.h"
#include "guest/virtio/pci.h"
#include "guest/virtio/registers.h"

static uint64_t memory(void) {
  static uint64_t known;
  static int looked;
  if (!looked) {
    looked = 1;
    known = tree_wide(&machine.tree, tree_compatible(&machine.tree, "pci-host-ecam-generic", 0),
                      "reg", 0);
    if (known >> 30) {
      (void)map_high_memory(known, 1 << 20);  // of bus 0
    }
    pci_set_up();
  }
  return known;
}

static uint64_t register_of(PciFunction function, unsigned offset) {
  return memory() + ((uint64_t)(function & 0xff00) << 4) + offset;
}

uint32_t pci_read(PciFunction function, unsigned offset, unsigned width) {
  return memory() ? (uint32_t)read_width(register_of(function, offset), width)
                  : ~0u >> (32 - 8 * width);
}

void pci_write(PciFunction function, unsigned offset, unsigned width, uint32_t value) {
  if (memory()) {
    write_width(register_of(function, offset), width, value);
  }
}
