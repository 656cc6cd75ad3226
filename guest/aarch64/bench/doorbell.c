// Cells of bench-doorbell:
//   hypercall  PSCI_VERSION by HVC, which KVM answers
//   hlt-irq    WFI until the virtual timer, sleep= microseconds away (default 50); the cycles are
//              those beyond that time
//   ipi        a software-generated interrupt to a second processor in WFI, until its handler has
//   run
#include "guest/bench/doorbell.h"

#include "guest/aarch64/runtime/gic.h"
#include "guest/aarch64/runtime/psci.h"
#include "guest/aarch64/runtime/timer.h"
#include "guest/bench/wake.h"
#include "guest/lib/text.h"
#include "guest/machine/processors.h"
#include "guest/virtio/deadline.h"

enum { kStartMilliseconds = 5000, kPatienceMilliseconds = 5000 };

static void hypercalls(unsigned long count) {
  for (unsigned long i = 0; i < count; ++i) {
    const uint64_t start = read_cycles();
    (void)psci_call(kPsciVersion, 0, 0, 0);
    doorbell_spans[i] = read_cycles() - start;
  }
}

static const char* hypercall_body(void* context, uint64_t requests, struct BenchCounts* counts) {
  (void)context;
  doorbell_in_chunks(hypercalls, requests, counts);
  return 0;
}

static void hypercall_cell(void) {
  const struct BenchCell cell = {.name = "hypercall", .face = "hvc", .body = hypercall_body};
  if (bench_wanted(cell.name)) {
    bench_run(&cell);
  }
}

static uint64_t sleep_cycles;

static void sleeps(unsigned long count) {
  for (unsigned long i = 0; i < count; ++i) {
    timer_in(sleep_cycles);
    const uint64_t start = read_cycles();
    wake_sleep();
    const uint64_t passed = read_cycles() - start;
    doorbell_spans[i] = passed > sleep_cycles ? passed - sleep_cycles : 0;
  }
}

static const char* sleep_body(void* context, uint64_t requests, struct BenchCounts* counts) {
  (void)context;
  doorbell_in_chunks(sleeps, requests, counts);
  counts->interrupts = requests;  // or it would still sleep
  return 0;
}

static void sleep_cell(void) {
  const struct BenchCell cell = {
      .name = "hlt-irq", .face = "virtual-timer", .body = sleep_body, .maximum = 5000};
  if (!bench_wanted(cell.name)) {
    return;
  }
  const unsigned long asked = text_number(bench_line(), "sleep", 50);
  const unsigned long microseconds = asked < 1 ? 1 : asked > 50000 ? 50000 : asked;
  sleep_cycles = cycles_per_millisecond() * microseconds / 1000;
  bench_run(&cell);
}

static volatile int listening, leave;
static volatile uint64_t listener;

// On the second processor.
static void listen(void) {
  gic_processor_init();
  listener = processors_self();
  memory_barrier();
  listening = 1;
  while (!leave) {
    wake_sleep();
  }
}

static const char* message_body(void* context, uint64_t requests, struct BenchCounts* counts) {
  (void)context;
  const uint64_t patience = kPatienceMilliseconds * cycles_per_millisecond();
  const uint64_t first = wake_interrupts_seen();
  const uint64_t begin = read_cycles();
  for (uint64_t i = 0; i < requests; ++i) {
    const uint64_t before = wake_interrupts_seen();
    const uint64_t start = read_cycles();
    gic_send(listener);
    uint64_t now = read_cycles();
    while (wake_interrupts_seen() == before) {
      now = read_cycles();
      if (now - start >= patience) {
        return "no_answer";
      }
    }
    histogram_add(&bench_histogram, now - start);
  }
  counts->cycles = read_cycles() - begin;
  counts->kicks = requests;
  counts->interrupts = wake_interrupts_seen() - first;
  return 0;
}

static void message_cell(void) {
  const struct BenchCell cell = {.name = "ipi", .face = gic_name(), .body = message_body};
  if (!bench_wanted(cell.name)) {
    return;
  }
  if (!second_processor_start(listen)) {
    bench_skip(cell.name, "one_processor");
    return;
  }
  const struct Deadline deadline = deadline_in(kStartMilliseconds);
  while (!listening) {
    if (deadline_over(&deadline)) {
      bench_skip(cell.name, "second_processor_does_not_start");
      return;
    }
  }
  bench_run(&cell);
  leave = 1;
}

void doorbell_own_cells(const struct VirtQueue* idle) {
  (void)idle;
  hypercall_cell();
  sleep_cell();
  message_cell();
}
