#include "guest/aarch64/runtime/pci_setup.h"

#include "guest/aarch64/runtime/machine.h"
#include "guest/virtio/pci.h"

// IEEE 1275's PCI binding: an address has three cells; the first says what space it is in.
enum { kSpaceShift = 24, kMemory32 = 2, kRangeCells = 7 };
// An entry of the map: the function's address, its pin, the controller, its address of
// #address-cells, and an interrupt of three cells (arm,gic-v3.yaml).
enum { kAddressCells = 3, kNumberCell = 1, kInterruptCells = 3, kPinRegister = 0x3d };

static TreeNode bridge(void) {
  return tree_compatible(&machine.tree, "pci-host-ecam-generic", 0);
}

// The window of 32-bit memory; 0: none.
static uint64_t window(uint64_t* end) {
  const TreeNode node = bridge();
  uint32_t length = 0;
  (void)tree_property(&machine.tree, node, "ranges", &length);
  for (unsigned cell = 0; 4ul * (cell + kRangeCells) <= length; cell += kRangeCells) {
    if ((tree_cell(&machine.tree, node, "ranges", cell) >> kSpaceShift & 3) == kMemory32) {
      const uint64_t start = (uint64_t)tree_cell(&machine.tree, node, "ranges", cell + 3) << 32 |
                             tree_cell(&machine.tree, node, "ranges", cell + 4);
      *end = start + tree_cell(&machine.tree, node, "ranges", cell + 6);
      return start;
    }
  }
  return 0;
}

static void place_bars(PciFunction function, uint64_t* next, uint64_t end) {
  for (unsigned bar = 0; bar < 6; ++bar) {
    int is_64;
    const uint64_t size = pci_bar_size(function, bar, &is_64);
    const int is_memory = !(pci_read(function, kPciBar0 + 4 * bar, 4) & 1);
    if (size && is_memory && !pci_bar(function, bar)) {
      const uint64_t address = (*next + size - 1) & ~(size - 1);
      if (address + size <= end) {
        pci_set_bar(function, bar, address);
        *next = address + size;
      }
    }
    bar += (unsigned)is_64;
  }
}

static void name_wire(PciFunction function) {
  const TreeNode node = bridge();
  const uint32_t pin = pci_read(function, kPinRegister, 1);
  if (!pin || pci_read(function, kPciInterruptLine, 1)) {
    return;
  }
  const struct DeviceTree* tree = &machine.tree;
  TreeNode gic = tree_compatible(tree, "arm,gic-v3", 0);
  if (!gic) {
    gic = tree_compatible(tree, "arm,cortex-a15-gic", 0);
  }
  const unsigned before = kAddressCells + 2 + tree_cell(tree, gic, "#address-cells", 0);
  const uint32_t mask = tree_cell(tree, node, "interrupt-map-mask", 0);
  uint32_t length = 0;
  (void)tree_property(tree, node, "interrupt-map", &length);
  for (unsigned cell = 0; 4ul * (cell + before + kInterruptCells) <= length;
       cell += before + kInterruptCells) {
    if (tree_cell(tree, node, "interrupt-map", cell) == (function & 0xff00 & mask) &&
        tree_cell(tree, node, "interrupt-map", cell + kAddressCells) == pin) {
      pci_write(function, kPciInterruptLine, 1,
                tree_cell(tree, node, "interrupt-map", cell + before + kNumberCell));
      return;
    }
  }
}

static int is_there(PciFunction function) {
  const uint32_t id = pci_read(function, kPciVendor, 4);
  return id != 0xffffffff && id != 0;
}

static int has_place(PciFunction function) {
  for (unsigned bar = 0; bar < 6; ++bar) {
    if (pci_bar(function, bar)) {
      return 1;
    }
  }
  return 0;
}

void pci_set_up(void) {
  PciFunction functions[32];
  unsigned count = 0;
  for (unsigned slot = 0; slot < 32; ++slot) {
    const PciFunction function = pci_function(slot, 0);
    if (is_there(function)) {
      if (has_place(function)) {
        return;
      }
      functions[count++] = function;
    }
  }
  uint64_t end = 0;
  uint64_t next = window(&end);
  for (unsigned i = 0; i < count && next; ++i) {
    place_bars(functions[i], &next, end);
    name_wire(functions[i]);
  }
}
