#include "guest/aarch64/runtime/processors.h"

#include "guest/aarch64/runtime/machine.h"
#include "guest/aarch64/runtime/psci.h"

void second_processor_entry(void);  // start.S
void second_processor_main(void);
static void (*volatile body)(void);

void second_processor_main(void) {
  body();
}

int second_processor_start(void (*what)(void), uint64_t* mpidr) {
  uint64_t self;
  __asm__ volatile("mrs %0, mpidr_el1" : "=r"(self));
  body = what;
  __asm__ volatile("dsb sy" : : : "memory");
  for (TreeNode node = 0; (node = tree_named(&machine.tree, "cpu", node));) {
    uint32_t length = 0;
    (void)tree_property(&machine.tree, node, "reg", &length);
    if (!length) {
      continue;  // of a cpu-map
    }
    *mpidr = length == 8 ? tree_wide(&machine.tree, node, "reg", 0)
                         : tree_cell(&machine.tree, node, "reg", 0);
    if (*mpidr != (self & 0xff00ffffff)) {
      return psci_call(kPsciCpuOn, *mpidr, (uint64_t)second_processor_entry, 0) == 0;
    }
  }
  return 0;
}
