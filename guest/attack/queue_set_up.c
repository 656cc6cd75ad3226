// Queues set up wrongly: sizes, alignment, places of the three areas, order (2.6, 4.1.4.3, 4.2.2).
#include "guest/attack/family.h"
#include "guest/virtio/pool.h"
#include "guest/virtio/registers.h"

static struct QueueRegisters sound(uint16_t size) {
  return (struct QueueRegisters){size, (uint64_t)arena.buffer, (uint64_t)arena.buffer + 0x4000,
                                 (uint64_t)arena.buffer + 0x8000};
}

// Enables it so, and has the device look at it.
static void try_queue(struct Target* t, const struct QueueRegisters* registers) {
  if (!target_negotiate(t)) {
    return;
  }
  clear_fast(arena.buffer, kBufferSize);
  const unsigned index = t->device->type == kVirtioNet || t->device->type == kVirtioConsole;
  virtio_queue_write(t->device, index, registers, 1);
  virtio_driver_ok(t->device);
  *(volatile uint16_t*)(arena.buffer + 0x4002) = 1;  // avail.idx
  const uint64_t notify = virtio_notify_address(t->device, index);
  virtio_notify_at(t->device, notify, index);
  (void)virtio_status(t->device);
  virtio_notify_at(t->device, notify, index);
}

static void size(struct Target* t, unsigned long value) {
  const struct QueueRegisters registers = sound((uint16_t)value);
  try_queue(t, &registers);
}

static void over_maximum(struct Target* t, unsigned long times) {
  if (target_negotiate(t)) {
    const uint32_t maximum = virtio_queue_maximum(t->device, 0);
    const struct QueueRegisters registers =
        sound((uint16_t)(times ? maximum * times : maximum + 1));
    try_queue(t, &registers);
  }
}

static void misaligned(struct Target* t, unsigned long what) {
  struct QueueRegisters registers = sound(8);
  uint64_t* const areas[] = {&registers.desc, &registers.driver, &registers.device};
  *areas[what >> 8] += what & 0xff;
  try_queue(t, &registers);
}

static void overlapping(struct Target* t, unsigned long how) {
  struct QueueRegisters registers = sound(8);
  registers.driver = registers.desc + (how & 0xff);
  registers.device = registers.desc + (how >> 8);
  try_queue(t, &registers);
}

static void no_addresses(struct Target* t, unsigned long unused) {
  (void)unused;
  const struct QueueRegisters registers = {8, 0, 0, 0};
  try_queue(t, &registers);
}

static void enable_value(struct Target* t, unsigned long value) {
  if (!target_negotiate(t)) {
    return;
  }
  const struct QueueRegisters registers = sound(8);
  virtio_queue_write(t->device, 0, &registers, 0);
  for (unsigned i = 0; i < 3; ++i) {
    if (t->device->is_pci) {
      write16(t->device->common.address + kCommonQueueEnable, (uint16_t)value);
      (void)read16(t->device->common.address + kCommonQueueEnable);
    } else {
      write32(t->device->base + kMmioQueueReady, (uint32_t)value);
      (void)read32(t->device->base + kMmioQueueReady);
    }
  }
  virtio_driver_ok(t->device);
}

static void enabled_early(struct Target* t, unsigned long status) {
  const struct QueueRegisters registers = sound(8);
  virtio_set_status(t->device, (uint32_t)status);
  virtio_queue_write(t->device, 0, &registers, 1);
  virtio_driver_ok(t->device);
}

static void changed_late(struct Target* t, unsigned long enable_again) {
  if (!target_start(t)) {
    return;
  }
  struct QueueRegisters wild = {3, machine_place(kPlaceController).address, ~0ull << 4,
                                arena.ram_end};
  virtio_queue_write(t->device, t->main->index, &wild, (int)enable_again);
  (void)target_react(t);
  wild = sound(4);
  virtio_queue_write(t->device, t->main->index, &wild, (int)enable_again);
  (void)target_react(t);
}

static void disabled_late(struct Target* t, unsigned long unused) {
  (void)unused;
  if (!target_start(t)) {
    return;
  }
  (void)virtio_queue_maximum(t->device, t->main->index);
  if (t->device->is_pci) {
    write16(t->device->common.address + kCommonQueueEnable, 0);
    write16(t->device->common.address + kCommonQueueReset, 1);  // not negotiated
  } else {
    write32(t->device->base + kMmioQueueReady, 0);
  }
  (void)target_react(t);
}

static void selected_wild(struct Target* t, unsigned long index) {
  if (!target_negotiate(t)) {
    return;
  }
  const struct QueueRegisters registers = sound(8);
  virtio_queue_write(t->device, (unsigned)index, &registers, 1);
  (void)virtio_notify_address(t->device, (unsigned)index);
  if (t->device->is_pci) {
    const uint64_t common = t->device->common.address;
    for (unsigned offset = kCommonQueueSize; offset < kCommonEnd; offset += 2) {
      write16(common + offset, 0xffff);
      (void)read16(common + offset);
    }
  } else {
    for (unsigned offset = kMmioQueueSizeMax; offset < kMmioConfigGeneration; offset += 4) {
      if (offset != kMmioStatus) {
        write32(t->device->base + offset, 0xffffffff);
        (void)read32(t->device->base + offset);
      }
    }
  }
  virtio_driver_ok(t->device);
}

static const struct Row rows[] = {
    {"size-0", size, 0},
    {"size-1", size, 1},
    {"size-3", size, 3},
    {"size-24", size, 24},
    {"size-max+1", over_maximum, 0},
    {"size-2max", over_maximum, 2},
    {"size-16max", over_maximum, 16},
    {"size-0x8000", size, 0x8000},
    {"size-0xffff", size, 0xffff},
    {"descriptors-at-1", misaligned, 0x001},
    {"descriptors-at-8", misaligned, 0x008},
    {"driver-area-at-1", misaligned, 0x101},
    {"device-area-at-1", misaligned, 0x201},
    {"device-area-at-2", misaligned, 0x202},
    {"all-areas-one", overlapping, 0},
    {"areas-overlap", overlapping, 0x1008},
    {"no-addresses", no_addresses, 0},
    {"enable-0", enable_value, 0},
    {"enable-2", enable_value, 2},
    {"enable-ones", enable_value, 0xffffffff},
    {"enable-three-times", enable_value, 1},
    {"enabled-before-acknowledge", enabled_early, 0},
    {"enabled-before-features-ok", enabled_early, 3},
    {"registers-while-live", changed_late, 0},
    {"enabled-again-while-live", changed_late, 1},
    {"disabled-while-live", disabled_late, 0},
    {"select-7", selected_wild, 7},
    {"select-0x8000", selected_wild, 0x8000},
    {"select-0xffff", selected_wild, 0xffff},
    {"select-ones", selected_wild, 0xffffffff},
};
FAMILY_OF_ROWS(set_up, rows)
const struct Family family_queue_set_up = {"queue", kAnyKind, kBoth, kFresh, 0, ROWS(set_up, rows)};

// Each bad place as each area.
static const char* area_name(unsigned row) {
  static const char* const kAreas[] = {"descriptors", "driver", "device"};
  return joined(kAreas[row % 3], bad_place_name(row / 3));
}

static void area(struct Target* t, unsigned row) {
  struct QueueRegisters registers = sound(8);
  uint64_t* const areas[] = {&registers.desc, &registers.driver, &registers.device};
  *areas[row % 3] = bad_place(t, row / 3).address & ~0xfull;
  try_queue(t, &registers);
}

const struct Family family_areas = {"area", kAnyKind,       kBoth,     kFresh,
                                    0,      3 * kBadPlaces, area_name, area};
