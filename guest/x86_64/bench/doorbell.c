// Cells of bench-doorbell that need CPL 0 or a second processor:
//   hypercall  KVM_HC_VAPIC_POLL_IRQ
//   hlt-irq    HLT until a timer of sleep= microseconds (default 50); the cycles are those beyond
//              that time. timer=pit: the 8254, also where there is no local APIC
//   ipi        to a second processor in HLT, until its handler has run
#include "guest/bench/doorbell.h"

#include "guest/bench/bench.h"
#include "guest/lib/text.h"
#include "guest/machine/processors.h"
#include "guest/machine/unprivileged.h"
#include "guest/virtio/deadline.h"
#include "guest/x86_64/bench/doorbell_pc.h"
#include "guest/x86_64/bench/wake_pc.h"
#include "guest/x86_64/runtime/cpuid.h"
#include "guest/x86_64/runtime/interrupts.h"
#include "guest/x86_64/runtime/port_io.h"

enum { kVectorMessage = kVectorDevice, kUndefined = 6 };

// doorbell_entry.S
void doorbell_refuse_entry(void);
void doorbell_try_hypercall(int by_vmmcall);
extern volatile uint32_t doorbell_refused;

static int by_vmmcall;

static void hypercalls(unsigned long count) {
  for (unsigned long i = 0; i < count; ++i) {
    long result = 1;  // KVM_HC_VAPIC_POLL_IRQ: answers 0 and does nothing
    const uint64_t start = read_cycles();
    if (by_vmmcall) {
      __asm__ volatile("vmmcall" : "+a"(result) : : "memory");
    } else {
      __asm__ volatile("vmcall" : "+a"(result) : : "memory");
    }
    doorbell_spans[i] = read_cycles() - start;
  }
}

static const char* hypercall_body(void* context, uint64_t requests, struct BenchCounts* counts) {
  (void)context;
  doorbell_in_chunks(hypercalls, requests, counts);
  return 0;
}

// Documentation/virt/kvm/x86/cpuid.rst: the signature, here or behind Hyper-V's.
static int is_kvm(void) {
  if (!(cpuid(1, 0).c >> 31)) {
    return 0;
  }
  for (uint32_t leaf = 0x40000000; leaf <= 0x40000100; leaf += 0x100) {
    const struct Cpuid r = cpuid(leaf, 0);
    if (r.b == 0x4b4d564b && r.c == 0x564b4d56 && r.d == 0x4d) {
      return 1;
    }
  }
  return 0;
}

void ring3_undefined(void);  // ring3_switch.S: the usual gate of #UD

static int hypercall_works(void) {
  const unsigned timer = local_apic_present() ? kVectorTimer : kVectorPic;
  interrupts_set_gate(kUndefined, doorbell_refuse_entry);
  interrupts_set_gate(timer, doorbell_refuse_entry);
  wake_after(5000);
  doorbell_try_hypercall(by_vmmcall);
  wake_guard(0);
  interrupts_set_gate(kUndefined, ring3_undefined);
  interrupts_restore_gate(timer);
  if (doorbell_refused) {  // the timer's interrupt is still in service
    wake_end_timer();
  }
  return !doorbell_refused;
}

static void hypercall_cell(void) {
  static const char kName[] = "hypercall";
  if (!bench_wanted(kName)) {
    return;
  }
  if (!is_kvm()) {
    bench_skip(kName, "no_kvm_signature");
    return;
  }
  const uint32_t vendor = cpuid(0, 0).b;
  by_vmmcall = vendor == 0x68747541 || vendor == 0x6f677948;  // AuthenticAMD, HygonGenuine
  if (!hypercall_works()) {
    bench_skip(kName, "refused");
    return;
  }
  const struct BenchCell cell = {
      .name = kName, .face = by_vmmcall ? "vmmcall" : "vmcall", .body = hypercall_body};
  bench_run(&cell);
}

static unsigned sleep_microseconds;
static uint32_t sleep_ticks;
static uint64_t sleep_cycles;

static void sleeps(unsigned long count) {
  local_apic_write(kApicTimerDivide, 0x0b);  // by 1
  const uint64_t base = read_msr(0x1b) & 0xffffff000u;
  for (unsigned long i = 0; i < count; ++i) {
    write32(base + kApicTimerInitial, sleep_ticks);
    const uint64_t start = read_cycles();
    wake_sleep();
    const uint64_t passed = read_cycles() - start;
    doorbell_spans[i] = passed > sleep_cycles ? passed - sleep_cycles : 0;
  }
}

static void sleeps_by_pit(unsigned long count) {
  for (unsigned long i = 0; i < count; ++i) {
    wake_after_by_pit(sleep_microseconds);
    const uint64_t start = read_cycles();
    wake_sleep();
    const uint64_t passed = read_cycles() - start;
    doorbell_spans[i] = passed > sleep_cycles ? passed - sleep_cycles : 0;
  }
}

static const char* pit_body(void* context, uint64_t requests, struct BenchCounts* counts) {
  (void)context;
  pic_unmask(0);
  doorbell_in_chunks(sleeps_by_pit, requests, counts);
  pic_mask(0);
  counts->interrupts = requests;  // or it would still sleep
  return 0;
}

static const char* sleep_body(void* context, uint64_t requests, struct BenchCounts* counts) {
  (void)context;
  wake_count_on(kVectorTimer);
  const uint64_t before = wake_interrupts_seen();
  doorbell_in_chunks(sleeps, requests, counts);
  counts->interrupts = wake_interrupts_seen() - before;
  wake_timer_again();
  return 0;
}

// The local APIC timer against the time-stamp counter: its frequency is the machine's.
static uint32_t timer_ticks(uint64_t cycles) {
  local_apic_write(kApicTimerDivide, 0x0b);
  local_apic_write(kApicTimer, 1 << 16 | kVectorTimer);  // masked
  local_apic_write(kApicTimerInitial, 0xffffffff);
  const uint64_t start = read_cycles();
  const uint32_t from = local_apic_read(kApicTimerCurrent);
  while (read_cycles() - start < cycles_per_millisecond() * 2) {
  }
  const uint32_t passed = from - local_apic_read(kApicTimerCurrent);
  const uint64_t took = read_cycles() - start;
  local_apic_write(kApicTimerInitial, 0);
  local_apic_write(kApicTimer, kVectorTimer);
  return (uint32_t)(cycles * passed / took);
}

static void sleep_cell(void) {
  static const char kName[] = "hlt-irq";
  if (!bench_wanted(kName)) {
    return;
  }
  const unsigned long microseconds = text_number(bench_line(), "sleep", 50);
  sleep_microseconds = microseconds < 1 ? 1 : microseconds > 50000 ? 50000 : (unsigned)microseconds;
  sleep_cycles = cycles_per_millisecond() * sleep_microseconds / 1000;
  const int by_pit = !local_apic_present() || text_is(bench_line(), "timer", "pit");
  if (!by_pit) {
    sleep_ticks = timer_ticks(sleep_cycles);
    sleep_ticks += sleep_ticks == 0;
  }
  const struct BenchCell cell = {.name = kName,
                                 .face = by_pit ? "pit" : "lapic-timer",
                                 .body = by_pit ? pit_body : sleep_body,
                                 .maximum = 5000};
  bench_run(&cell);
}

static volatile int listening, leave;

// On the second processor.
static void listen(void) {
  interrupts_load();
  local_apic_write(kApicSpurious, 0x100 | kVectorSpurious);
  listening = 1;
  while (!leave) {
    wake_sleep();
  }
}

struct Message {
  uint64_t apic;
  uint64_t requests;
  uint64_t patience;
};

// At CPL 3: the local APIC's page is open like all others.
static unsigned long messages(unsigned long argument) {
  const struct Message* m = (const struct Message*)argument;
  for (uint64_t i = 0; i < m->requests; ++i) {
    const uint64_t before = wake_interrupts_seen();
    const uint64_t start = read_cycles();
    write32(m->apic + kApicInterruptCommandLow, kVectorMessage);
    uint64_t now = read_cycles();
    while (wake_interrupts_seen() == before && now - start < m->patience) {
      now = read_cycles();
    }
    if (now - start >= m->patience) {
      return 1;
    }
    histogram_add(&bench_histogram, now - start);
  }
  return 0;
}

static const char* message_body(void* context, uint64_t requests, struct BenchCounts* counts) {
  struct Message* m = context;
  m->requests = requests;
  const uint64_t before = wake_interrupts_seen();
  const uint64_t start = read_cycles();
  const unsigned long late = unprivileged_call(messages, (unsigned long)m);
  counts->cycles = read_cycles() - start;
  counts->kicks = requests;
  counts->interrupts = wake_interrupts_seen() - before;
  return late ? "no_answer" : 0;
}

static int other_processor(uint32_t* id) {
  uint64_t ids[64];
  const unsigned count = processors_list(ids, 64);
  for (unsigned i = 0; i < count; ++i) {
    if (ids[i] != processors_self()) {
      *id = (uint32_t)ids[i];
      return 1;
    }
  }
  return 0;
}

static void message_cell(void) {
  static const char kName[] = "ipi";
  if (!bench_wanted(kName)) {
    return;
  }
  uint32_t id = 0;
  if (!local_apic_present()) {
    bench_skip(kName, "no_local_apic");
    return;
  }
  if (!other_processor(&id) || id > 254) {
    bench_skip(kName, "one_processor");
    return;
  }
  if (!second_processor_start(listen)) {
    bench_skip(kName, "second_processor_does_not_start");
    return;
  }
  while (!listening) {
    delay_microseconds(10);
  }
  local_apic_write(kApicInterruptCommandHigh, id << 24);
  struct Message message = {.apic = read_msr(0x1b) & 0xffffff000u,
                            .patience = 5000 * cycles_per_millisecond()};
  const struct BenchCell cell = {
      .name = kName, .face = "lapic", .body = message_body, .context = &message};
  bench_run(&cell);
  leave = 1;
}

void doorbell_own_cells(const struct VirtQueue* idle) {
  doorbell_ports(idle);
  hypercall_cell();
  sleep_cell();
  message_cell();
}
