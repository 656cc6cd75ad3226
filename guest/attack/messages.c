// MSI-X under the device's feet: vectors, messages, masks (4.1.4.5.1, 4.1.5.1.2; PCI Local Bus 3.0,
// 6.8.2).
#include "guest/attack/family.h"
#include "guest/virtio/registers.h"

enum { kEnable = 1 << 15, kFunctionMask = 1 << 14 };

static void control(const struct VirtioDevice* device, uint32_t value) {
  pci_write(device->function, device->msix_capability + 2, 2, value);
}

static void vector(struct Target* t, unsigned long value) {
  if (!t->device->msix_table || !target_negotiate(t)) {
    return;
  }
  control(t->device, kEnable);
  const uint64_t common = t->device->common.address;
  write16(common + kCommonConfigVector, (uint16_t)value);
  (void)read16(common + kCommonConfigVector);
  write16(common + kCommonQueueSelect, 0);
  write16(common + kCommonQueueVector, (uint16_t)value);
  (void)read16(common + kCommonQueueVector);
  if (target_create_queues(t)) {
    virtio_driver_ok(t->device);
    t->main->available->flags = 0;
    target_push(t);
    (void)target_react(t);
  }
}

// Live, with vector 0 for all, its entry as given.
static int live_with_entry(struct Target* t, uint64_t address, uint32_t data, uint32_t mask) {
  if (!t->device->msix_table || !target_negotiate(t)) {
    return 0;
  }
  control(t->device, kEnable);
  write32(t->device->msix_table, (uint32_t)address);
  write32(t->device->msix_table + 4, (uint32_t)(address >> 32));
  write32(t->device->msix_table + 8, data);
  write32(t->device->msix_table + 12, mask);
  const uint64_t common = t->device->common.address;
  write16(common + kCommonConfigVector, 0);
  for (unsigned i = 0; i < 3; ++i) {
    write16(common + kCommonQueueSelect, (uint16_t)i);
    write16(common + kCommonQueueVector, 0);
  }
  if (!target_create_queues(t)) {
    return 0;
  }
  virtio_driver_ok(t->device);
  for (unsigned i = 0; i < t->queue_count; ++i) {
    (void)queue_want_interrupt(t->queues + i, 1);
  }
  return 1;
}

static void message_to(struct Target* t, uint64_t address, uint32_t data) {
  if (live_with_entry(t, address, data, 0)) {
    target_push(t);
    (void)target_react(t);
  }
}

static void entry(struct Target* t, unsigned long which) {
  const uint64_t addresses[] = {0, ~0ull, (uint64_t)arena.guard};
  message_to(t, addresses[which], which == 1 ? ~0u : t->message.data);
}

static void wrong_entry(struct Target* t, unsigned long which) {
  const struct NamedMessage message = wrong_message((unsigned)which);
  message_to(t, message.address, message.data);
}

static int live_with_message(struct Target* t) {
  return live_with_entry(t, t->message.address, t->message.data, 0);
}

static void mask_storm(struct Target* t, unsigned long count) {
  if (!live_with_message(t)) {
    return;
  }
  for (unsigned long i = 0; i < count; ++i) {
    write32(t->device->msix_table + 12, i & 1);
    if (i % 8 == 0) {
      target_push(t);
    }
  }
  (void)target_react(t);
}

static void function_mask_storm(struct Target* t, unsigned long count) {
  if (!live_with_message(t)) {
    return;
  }
  for (unsigned long i = 0; i < count; ++i) {
    control(t->device, i % 3 == 0 ? 0 : i % 3 == 1 ? kEnable : kEnable | kFunctionMask);
    if (i % 4 == 0) {
      target_push(t);
    }
  }
  (void)target_react(t);
}

static void address_storm(struct Target* t, unsigned long count) {
  if (!live_with_message(t)) {
    return;
  }
  for (unsigned long i = 0; i < count; ++i) {
    write32(t->device->msix_table, (uint32_t)(t->message.address + (i << 12)));
    write64(t->device->msix_table + 8, t->message.data | i << 16);
    if (i % 8 == 0) {
      target_push(t);
    }
  }
  (void)target_react(t);
}

static void vector_changed_live(struct Target* t, unsigned long count) {
  if (!live_with_message(t)) {
    return;
  }
  const uint64_t common = t->device->common.address;
  for (unsigned long i = 0; i < count; ++i) {
    write16(common + kCommonQueueSelect, t->main->index & 0xffff);
    write16(common + kCommonQueueVector, (uint16_t)(i % 5 == 4 ? 0xffff : i));
    target_push(t);
  }
  (void)target_react(t);
}

static const struct Row msix_rows[] = {
    {"vector-100", vector, 100},          {"vector-0x7ff", vector, 0x7ff},
    {"vector-0x800", vector, 0x800},      {"vector-0xfffe", vector, 0xfffe},
    {"message-to-0", entry, 0},           {"message-of-ones", entry, 1},
    {"message-into-ram", entry, 2},       {"message", wrong_entry, 0},
    {"message", wrong_entry, 1},          {"message", wrong_entry, 2},
    {"message", wrong_entry, 3},          {"message", wrong_entry, 4},
    {"message", wrong_entry, 5},          {"message", wrong_entry, 6},
    {"message", wrong_entry, 7},          {"message", wrong_entry, 8},
    {"mask-storm", mask_storm, 100},      {"function-mask-storm", function_mask_storm, 60},
    {"address-storm", address_storm, 40}, {"vector-changed-while-live", vector_changed_live, 20},
};
static const char* msix_name(unsigned row) {
  const struct Row* r = msix_rows + row;
  return r->run == wrong_entry ? joined(r->name, wrong_message((unsigned)r->argument).name)
                               : r->name;
}
static void msix_run(struct Target* t, unsigned row) {
  msix_rows[row].run(t, msix_rows[row].argument);
}
const struct Family family_pci = {
    "msix", kAnyKind, kPci, kFresh, 1ull << kFeatureRingPacked, ROWS(msix, msix_rows)};
