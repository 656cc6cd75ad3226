#include "guest/x86_64/virtio/completion.h"

#include "guest/lib/text.h"
#include "guest/x86_64/runtime/interrupts.h"
#include "guest/x86_64/runtime/port_io.h"
#include "guest/x86_64/virtio/deadline.h"
#include "guest/x86_64/virtio/registers.h"

enum {
  kVectorConfig = 0x42,
  kVectorQueue0 = 0x43,  // and the next kQueues - 1
  kVectorLine = 0x4d,
  kQueues = 10,
  kMsixEnable = 1 << 15,
  kMsixFunctionMask = 1 << 14,
};

static volatile uint64_t queue_count[kQueues];
static unsigned counter_of[kQueues];  // by queue: several may share a vector
static volatile uint64_t line_count;
static volatile uint64_t config_count;
static const struct VirtioDevice* line_device;

static void on_queue(unsigned vector) {
  queue_count[vector - kVectorQueue0] = queue_count[vector - kVectorQueue0] + 1;
  local_apic_eoi();
}

static void on_config(unsigned vector) {
  (void)vector;
  config_count = config_count + 1;
  local_apic_eoi();
}

static void on_line(unsigned vector) {
  const uint32_t status = line_device ? virtio_interrupt_status(line_device) : 0;
  if (status & 1) {
    line_count = line_count + 1;
  }
  if (status & 2) {
    config_count = config_count + 1;
  }
  if (vector == kVectorLine) {
    local_apic_eoi();
  } else {
    pic_eoi(vector - kVectorPic);
  }
}

static void on_timer(unsigned vector) {
  (void)vector;
  local_apic_eoi();
}

void completion_init(void) {
  interrupts_init();
  local_apic_enable();
  interrupts_set(kVectorLocalTimer, on_timer);
  interrupts_set(kVectorConfig, on_config);
  interrupts_set(kVectorLine, on_line);
  for (unsigned i = 0; i < kQueues; ++i) {
    interrupts_set(kVectorQueue0 + i, on_queue);
  }
}

enum CompletionMode completion_mode(const char* command_line, const struct VirtioDevice* device) {
  if (text_is(command_line, "irq", "line")) {
    return kLine;
  }
  if (text_is(command_line, "irq", "msix")) {
    return device->is_pci ? kMsix : kLine;
  }
  return kPoll;
}

const char* completion_mode_name(enum CompletionMode mode) {
  return mode == kMsix ? "msix" : mode == kLine ? "line" : "poll";
}

unsigned completion_queue_vector(unsigned queue) {
  return kVectorQueue0 + queue;
}

void completion_msix_entry(const struct VirtioDevice* device, unsigned index, unsigned vector) {
  const uint64_t entry = device->msix_table + 16 * index;
  write32(entry, 0xfee00000u | (local_apic_read(kApicId) >> 24) << 12);  // Intel SDM 3, 11.11
  write32(entry + 4, 0);
  write32(entry + 8, vector);
  write32(entry + 12, 0);
}

static int set_up_msix(struct VirtioDevice* device, unsigned queues) {
  if (!device->msix_table || !device->msix_count) {
    return 0;
  }
  const unsigned control = device->msix_capability + 2;
  pci_write(device->function, control, 2, kMsixEnable | kMsixFunctionMask);
  completion_msix_entry(device, 0, kVectorConfig);
  for (unsigned i = 0; i < queues && i + 1 < device->msix_count && i < kQueues; ++i) {
    completion_msix_entry(device, i + 1, kVectorQueue0 + i);
  }
  pci_write(device->function, control, 2, kMsixEnable);
  device->uses_msix = 1;
  const uint64_t common = device->common.address;
  write16(common + kCommonConfigVector, 0);
  if (read16(common + kCommonConfigVector) != 0) {
    return 0;
  }
  for (unsigned i = 0; i < queues && virtio_queue_maximum(device, i); ++i) {
    const uint16_t entry = (uint16_t)(i + 1 < device->msix_count && i < kQueues ? i + 1 : 1);
    if (i < kQueues) {
      counter_of[i] = entry - 1u;
    }
    write16(common + kCommonQueueSelect, (uint16_t)i);
    write16(common + kCommonQueueVector, entry);
    if (read16(common + kCommonQueueVector) != entry) {  // 4.1.5.1.2: NO_VECTOR says it failed
      return 0;
    }
  }
  return 1;
}

int completion_set_up(struct VirtioDevice* device, enum CompletionMode mode, unsigned queues) {
  if (mode == kMsix) {
    return set_up_msix(device, queues);
  }
  if (mode == kLine) {
    line_device = device;
    if (device->is_pci && device->line < 16) {  // a PC whose firmware routed it to the PICs
      interrupts_set(kVectorPic + device->line, on_line);
      pic_unmask(device->line);
      pic_unmask(2);
    } else {
      io_apic_route_gsi(device->gsi, kVectorLine, 1);
    }
  }
  return 1;
}

// The exits are there because a KVM that interprets this may look for interrupts only at one.
static void take_pending(void) {
  interrupts_on();
  delay_microseconds(2);
  interrupts_off();
}

uint64_t completion_interrupts(unsigned queue) {
  take_pending();
  return completion_interrupts_seen(queue);
}

uint64_t completion_interrupts_seen(unsigned queue) {
  return line_count + (queue < kQueues ? queue_count[counter_of[queue]] : 0);
}

uint64_t completion_config_interrupts(void) {
  take_pending();
  return config_count;
}

static int enough(const struct VirtQueue* q, unsigned count) {
  // Packed: how many are used cannot be seen without taking them.
  return q->packed ? queue_has_used(q) : (uint16_t)(q->used->index - q->last_used) >= count;
}

void completion_arm(struct VirtQueue* q, enum CompletionMode mode) {
  if (mode != kPoll) {
    (void)queue_want_interrupt(q, 1);
  }
}

int completion_sleep(struct VirtQueue* q, enum CompletionMode mode, unsigned count,
                     unsigned milliseconds) {
  const struct Deadline deadline = deadline_in(milliseconds);
  if (mode == kPoll) {
    while (!enough(q, count)) {
      if (deadline_over(&deadline)) {
        return 0;
      }
    }
    return 1;
  }
  int there = 1;
  local_apic_write(kApicTimerDivide, 0x0b);  // by 1
  local_apic_write(kApicTimer, kVectorLocalTimer);
  take_pending();  // what came already is counted too
  while (!queue_want_interrupt(q, count) && !enough(q, 1)) {
    if (deadline_over(&deadline)) {
      there = 0;
      break;
    }
    local_apic_write(kApicTimerInitial, 2000000000);
    interrupts_on_and_halt();
    interrupts_off();
  }
  local_apic_write(kApicTimerInitial, 0);
  queue_want_no_interrupt(q);
  return there;
}
