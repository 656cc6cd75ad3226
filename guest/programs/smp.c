// smp: starts every other processor that firmware lists, has each report its own id, and prints
// "smp: N of M processors". Ends with status 0 if all came up with the right ids.

#include "guest/lib/print.h"
#include "guest/machine/processors.h"
#include "guest/machine/program.h"

enum { kMaximum = 1024 };

// Shared with smp_processor.S.
volatile uint32_t smp_online;
volatile uint64_t smp_ids[kMaximum];
void smp_entry(void);

static uint64_t listed[kMaximum];

static int is_reported(uint64_t id) {
  for (unsigned i = 0; i < smp_online && i < kMaximum; ++i) {
    if (smp_ids[i] == id) {
      return 1;
    }
  }
  return 0;
}

int program_main(const char* command_line) {
  (void)command_line;
  const unsigned listed_count = processors_list(listed, kMaximum);
  if (!listed_count) {
    print("smp: no list of processors\n");
    return 1;
  }
  const uint64_t self = processors_self();
  int all_well = 1;
  for (unsigned i = 0; i < listed_count; ++i) {
    if (listed[i] == self) {
      continue;
    }
    if (!processors_start(listed[i], smp_entry, &smp_online, smp_online)) {
      print_number("smp: no answer from processor ", listed[i], "\n");
      all_well = 0;
    } else if (!is_reported(listed[i])) {
      print_number("smp: what was started as processor ", listed[i], " thinks it is another\n");
      all_well = 0;
    }
  }
  print_number("smp: ", smp_online + 1, "");
  print_number(" of ", listed_count, " processors\n");
  return all_well ? 0 : 1;
}
