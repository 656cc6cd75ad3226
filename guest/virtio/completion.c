#include "guest/virtio/completion.h"

#include "guest/lib/text.h"
#include "guest/machine/interrupts.h"
#include "guest/virtio/deadline.h"
#include "guest/virtio/msix.h"
#include "guest/virtio/registers.h"

enum {
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
  interrupts_end(vector);
}

static void on_config(unsigned vector) {
  config_count = config_count + 1;
  interrupts_end(vector);
}

static void on_line(unsigned vector) {
  const uint32_t status = line_device ? virtio_interrupt_status(line_device) : 0;
  if (status & 1) {
    line_count = line_count + 1;
  }
  if (status & 2) {
    config_count = config_count + 1;
  }
  interrupts_end(vector);
}

void completion_init(void) {
  interrupts_init();
  interrupts_enable();
  interrupts_set(kVectorConfig, on_config);
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

int completion_msix_entry(const struct VirtioDevice* device, unsigned index, unsigned vector) {
  const struct Msix msix = {.table = device->msix_table};
  return msix_write_entry(device->function, &msix, index, vector);
}

static int set_up_msix(struct VirtioDevice* device, unsigned queues) {
  if (!device->msix_table || !device->msix_count) {
    return 0;
  }
  const unsigned control = device->msix_capability + 2;
  pci_write(device->function, control, 2, kMsixEnable | kMsixFunctionMask);
  if (!completion_msix_entry(device, 0, kVectorConfig)) {
    return 0;
  }
  for (unsigned i = 0; i < queues && i + 1 < device->msix_count && i < kQueues; ++i) {
    if (!completion_msix_entry(device, i + 1, kVectorQueue0 + i)) {
      return 0;
    }
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
    interrupts_route_line(device->gsi, device->is_pci, kVectorLine, on_line);
  }
  return 1;
}

uint64_t completion_interrupts(unsigned queue) {
  interrupts_take_pending();
  return completion_interrupts_seen(queue);
}

uint64_t completion_interrupts_seen(unsigned queue) {
  return line_count + (queue < kQueues ? queue_count[counter_of[queue]] : 0);
}

uint64_t completion_config_interrupts(void) {
  interrupts_take_pending();
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
  interrupts_take_pending();  // what came already is counted too
  while (!queue_want_interrupt(q, count) && !enough(q, 1)) {
    if (deadline_over(&deadline)) {
      there = 0;
      break;
    }
    interrupts_alarm(2000);
    processor_sleep();
  }
  interrupts_alarm(0);
  queue_want_no_interrupt(q);
  return there;
}
