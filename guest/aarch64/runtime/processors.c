// Further processors by PSCI (Arm DEN 0022).
#include "guest/machine/processors.h"

#include "guest/aarch64/runtime/machine.h"
#include "guest/aarch64/runtime/psci.h"
#include "guest/virtio/deadline.h"

enum { kStartMilliseconds = 5000 };
static const uint64_t kAffinities = 0xff00ffffff;

void second_processor_entry(void);  // start.S
void second_processor_main(void);
static void (*volatile second_body)(void);
static volatile uint32_t second_online;

void second_processor_main(void) {
  second_online = 1;
  second_body();
  psci_call(kPsciCpuOff, 0, 0, 0);
}

unsigned processors_list(uint64_t* ids, unsigned maximum) {
  unsigned count = 0;
  for (TreeNode node = 0; (node = tree_named(&machine.tree, "cpu", node));) {
    uint32_t length = 0;
    (void)tree_property(&machine.tree, node, "reg", &length);
    if (length && count < maximum) {  // none: of a cpu-map
      ids[count++] = length == 8 ? tree_wide(&machine.tree, node, "reg", 0)
                                 : tree_cell(&machine.tree, node, "reg", 0);
    }
  }
  return count;
}

uint64_t processors_self(void) {
  uint64_t mpidr;
  __asm__ volatile("mrs %0, mpidr_el1" : "=r"(mpidr));
  return mpidr & kAffinities;
}

int processors_start(uint64_t id, void (*entry)(void), volatile uint32_t* online, uint32_t before) {
  const struct Deadline deadline = deadline_in(kStartMilliseconds);
  __asm__ volatile("dsb sy" : : : "memory");
  // One that has just said CPU_OFF may not be off yet.
  long answer;
  while ((answer = psci_call(kPsciCpuOn, id, (uint64_t)entry, 0)) == kPsciAlreadyOn &&
         !deadline_over(&deadline)) {
    processor_pause();
  }
  while (answer == 0 && *online == before && !deadline_over(&deadline)) {
    processor_pause();
  }
  return *online != before;
}

int second_processor_start(void (*body)(void)) {
  uint64_t ids[2];
  const unsigned count = processors_list(ids, 2);
  for (unsigned i = 0; i < count; ++i) {
    if (ids[i] != processors_self()) {
      second_body = body;
      second_online = 0;
      return processors_start(ids[i], second_processor_entry, &second_online, 0);
    }
  }
  return 0;
}
