// fault: does what no hypervisor can go on from: reads what is no memory by an instruction that
// also writes its base register back, of which the syndrome does not say what it accesses
// (ESR_EL2.ISV is 0; DDI 0487, D17.2.37).

#include "guest/lib/print.h"
#include "guest/machine/program.h"

int program_main(const char* command_line) {
  (void)command_line;
  print("fault: an access without a syndrome follows\n");
  unsigned long nowhere = 0x100000;
  unsigned long value;
  __asm__ volatile("ldr %0, [%1], #8" : "=&r"(value), "+r"(nowhere) : : "memory");
  print("fault: still running\n");
  return 1;
}
