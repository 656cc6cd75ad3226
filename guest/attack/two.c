// Two processors at once: the other one abuses registers while this one does requests. They are
// allowed to fail; the machine and, after a reset, the device are not.
#include "guest/attack/family.h"
#include "guest/machine/processors.h"
#include "guest/virtio/deadline.h"
#include "guest/virtio/registers.h"

typedef void Abuse(const struct VirtioDevice* device, unsigned long round);

static Abuse* volatile abuse;
static struct VirtioDevice* volatile victim;
static volatile unsigned busy;
static volatile unsigned long rounds;
static struct VirtQueue* volatile victim_queue;
static struct InterruptMessage victim_message;

// Then it sleeps, and is started anew: one that spins would cost a host processor all the while.
static void other_processor(void) {
  for (Abuse* now; (now = abuse);) {
    now(victim, rounds);
    rounds = rounds + 1;
  }
  busy = 0;
}

static void resets(const struct VirtioDevice* device, unsigned long round) {
  virtio_set_status(device, round % 4 ? 0 : 15);
}
static void statuses(const struct VirtioDevice* device, unsigned long round) {
  virtio_set_status(device, (uint32_t)(round * 37 & 0xff));
}
static void selects(const struct VirtioDevice* device, unsigned long round) {
  (void)virtio_queue_maximum(device, (unsigned)(round & 7));
  (void)virtio_device_features(device);
}
static void queues(const struct VirtioDevice* device, unsigned long round) {
  const struct QueueRegisters wild = {(uint16_t)(1u << (round & 15)),
                                      machine_place(kPlaceController).address + round * 16,
                                      arena.ram_end - 16 * (round & 63), round << 40};
  virtio_queue_write(device, (unsigned)(round & 3), &wild, (int)(round & 1));
}
static void notifies(const struct VirtioDevice* device, unsigned long round) {
  virtio_notify_at(device, victim_queue->notify_address, (uint32_t)(round % 5));
}
static void config(const struct VirtioDevice* device, unsigned long round) {
  unsigned length;
  const uint64_t at = virtio_config_address(device, &length);
  if (at) {
    (void)read32(at + (round * 4 & 63));
    write32(at + (round * 4 & 63), (uint32_t)round);
    (void)virtio_generation(device);
  }
}
static void bars(const struct VirtioDevice* device, unsigned long round) {
  if (device->is_pci) {
    const unsigned bar = device->common.bar;
    pci_set_bar(device->function, bar,
                device->bar_address[bar] + (round & 1) * device->bar_size[bar]);
  } else {
    (void)read32(device->base + (round * 4 & 0xff));
  }
}
static void commands(const struct VirtioDevice* device, unsigned long round) {
  if (device->is_pci) {
    pci_write(device->function, kPciCommand, 2, (uint32_t)(round & 7));
  } else {
    write32(device->base + kMmioInterruptAck, 3);
  }
}
static void vectors(const struct VirtioDevice* device, unsigned long round) {
  if (device->is_pci && device->msix_table) {
    pci_write(device->function, device->msix_capability + 2, 2, (uint32_t)(round & 3) << 14);
    write32(device->msix_table + 12, (uint32_t)(round & 1));
    write32(device->msix_table, (uint32_t)victim_message.address);
    write32(device->msix_table + 8, victim_message.data);
  }
}
static void rings(const struct VirtioDevice* device, unsigned long round) {
  struct VirtQueue* q = victim_queue;
  (void)device;
  volatile uint64_t* at = q->packed ? (volatile uint64_t*)q->ring : (volatile uint64_t*)q->split;
  at[round % (q->size * 2u)] = round * 0x9e3779b97f4a7c15ull;
}
static void headers(const struct VirtioDevice* device, unsigned long round) {
  (void)device;
  ((volatile uint64_t*)arena.buffer)[round % 16] = round * 0x9e3779b97f4a7c15ull;
  ((volatile uint64_t*)arena.header)[round % 2] = round;
}

static void together(struct Target* t, unsigned long which) {
  static Abuse* const kAbuses[] = {resets, statuses, selects, queues, notifies, config,
                                   bars,   commands, vectors, rings,  headers};
  victim = t->device;
  victim_queue = t->main;
  victim_message = t->message;
  abuse = kAbuses[which];
  busy = 1;
  if (!second_processor_start(other_processor)) {
    busy = 0;
  }
  for (unsigned i = 0; i < 12; ++i) {
    const struct Piece pieces[] = {
        {(uint64_t)arena.header, 16, kDescriptorNext, 1},
        {(uint64_t)arena.buffer, 512, kDescriptorNext | kDescriptorWrite, 2},
        {(uint64_t)arena.status, 1, kDescriptorWrite, 0}};
    put_chain(t, pieces, 3);
    (void)target_react(t);
    if (last_reaction != kAnswered && i >= 4) {
      break;
    }
  }
  abuse = 0;
  memory_barrier();
  const struct Deadline deadline = deadline_in(1000);
  while (busy && !deadline_over(&deadline)) {
    processor_pause();
  }
}

static const struct Row rows[] = {
    {"resets", together, 0}, {"statuses", together, 1}, {"selects", together, 2},
    {"queues", together, 3}, {"notifies", together, 4}, {"configuration", together, 5},
    {"bars", together, 6},   {"commands", together, 7}, {"vectors", together, 8},
    {"rings", together, 9},  {"headers", together, 10},
};
FAMILY_OF_ROWS(two, rows)
const struct Family family_two = {"two", kAnyKind, kBoth, kEither, 0, ROWS(two, rows)};
