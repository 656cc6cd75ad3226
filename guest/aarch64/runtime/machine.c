#include "guest/aarch64/runtime/machine.h"

#include "guest/machine/mmio_devices.h"

// Interrupt cells (arm,gic-v3.yaml): kind, number, flags.
enum { kNumberCell = 1 };
// Where QEMU leaves the tree of a program that is no Linux kernel (its docs/system/arm/virt.rst).
enum { kRam = 0x40000000 };

struct Machine machine;

static void find_serial(void) {
  const TreeNode serial = tree_compatible(&machine.tree, "arm,pl011", 0);
  machine.serial = tree_wide(&machine.tree, serial, "reg", 0);
  machine.serial_line = tree_cell(&machine.tree, serial, "interrupts", kNumberCell);
}

void machine_init(const void* blob) {
  struct DeviceTree* tree = &machine.tree;
  machine.command_line = "";
  if (!tree_open(tree, blob)) {
    blob = (const void*)kRam;
    if (!tree_open(tree, blob)) {
      return;
    }
  }
  machine.tree_address = (uint64_t)blob;
  const uint8_t* line = tree_property(tree, tree_named(tree, "chosen", 0), "bootargs", 0);
  if (line) {
    machine.command_line = (const char*)line;
  }
  const TreeNode memory = tree_named(tree, "memory", 0);
  machine.memory_start = tree_wide(tree, memory, "reg", 0);
  machine.memory_end = machine.memory_start + tree_wide(tree, memory, "reg", 1);
  find_serial();
}

unsigned mmio_devices(const char* command_line, struct MmioDevice* devices, unsigned maximum) {
  (void)command_line;
  unsigned count = 0;
  for (TreeNode node = 0;
       count < maximum && (node = tree_compatible(&machine.tree, "virtio,mmio", node));) {
    devices[count++] =
        (struct MmioDevice){.base = tree_wide(&machine.tree, node, "reg", 0),
                            .size = tree_wide(&machine.tree, node, "reg", 1),
                            .line = tree_cell(&machine.tree, node, "interrupts", kNumberCell)};
  }
  return count;
}
