// PCI under the device's feet: BARs, command register, MSI-X, the configuration access capability
// (4.1.4.9), ISR.
#include "guest/virtio/completion.h"
#include "guest/virtio/registers.h"
#include "guest/x86_64/attack/family.h"

static unsigned first_bar(const struct VirtioDevice* device) {
  return device->common.bar;
}

// Requests keep coming while the ground moves.
static void push(struct Target* t) {
  const struct Piece piece = {(uint64_t)arena.buffer, 512, kDescriptorWrite, 0};
  put_chain(t, &piece, 1);
  virtio_notify_at(t->device, t->main->notify_address, t->main->index);
}

static void bar_to(struct Target* t, unsigned long where) {
  struct VirtioDevice* device = t->device;
  const unsigned bar = first_bar(device);
  const uint64_t home = device->bar_address[bar];
  const uint64_t size = device->bar_size[bar];
  const uint64_t places[] = {
      home + size,
      home + 16 * size,
      0x100000 & ~(size - 1),
      arena.ram_end - size,
      0xfee00000,
      0xfec00000,
      0,
      ~0ull << 20,
      (uint64_t)arena.guard,
      0xe0000000,
      0xfffc0000,
      1ull << 45,
  };
  push(t);
  pci_set_bar(device->function, bar, places[where]);
  push(t);
  pci_set_bar(device->function, bar, home);
  (void)target_react(t);
}

static void bar_storm(struct Target* t, unsigned long count) {
  struct VirtioDevice* device = t->device;
  const unsigned bar = first_bar(device);
  const uint64_t home = device->bar_address[bar];
  for (unsigned long i = 0; i < count; ++i) {
    pci_set_bar(device->function, bar, home + (i & 1) * device->bar_size[bar]);
    push(t);
  }
  pci_set_bar(device->function, bar, home);
  (void)target_react(t);
}

static void bars_sized(struct Target* t, unsigned long unused) {
  (void)unused;
  for (unsigned bar = 0; bar < 6; ++bar) {
    const unsigned at = kPciBar0 + 4 * bar;
    const uint32_t was = pci_read(t->device->function, at, 4);
    pci_write(t->device->function, at, 4, 0xffffffff);
    push(t);
    (void)pci_read(t->device->function, at, 4);
    pci_write(t->device->function, at, 4, was);
  }
  (void)target_react(t);
}

static void bar_onto_other(struct Target* t, unsigned long unused) {
  (void)unused;
  const unsigned bar = first_bar(t->device);
  for (unsigned slot = 0; slot < 8; ++slot) {
    const PciFunction other = pci_function(slot, 0);
    for (unsigned i = 0; i < 6; ++i) {
      const uint64_t place = other == t->device->function ? 0 : pci_bar(other, i);
      if (place && place < ~0xfull) {
        pci_set_bar(t->device->function, bar, place);
        push(t);
      }
    }
  }
  pci_set_bar(t->device->function, bar, t->device->bar_address[bar]);
  (void)target_react(t);
}

static void command(struct Target* t, unsigned long value) {
  push(t);
  pci_write(t->device->function, kPciCommand, 2, (uint32_t)value);
  push(t);
  pci_write(t->device->function, kPciCommand, 2, kPciCommandMemory | kPciCommandMaster);
  (void)target_react(t);
}

static void command_storm(struct Target* t, unsigned long count) {
  for (unsigned long i = 0; i < count; ++i) {
    pci_write(t->device->function, kPciCommand, 2, (uint32_t)(i * 37 & 0x7ff));
    push(t);
  }
  pci_write(t->device->function, kPciCommand, 2, kPciCommandMemory | kPciCommandMaster);
  (void)target_react(t);
}

static void configuration(struct Target* t, unsigned long value) {
  for (unsigned width = 1; width <= 4; width *= 2) {
    for (unsigned offset = 0; offset < 256; offset += width) {
      if (value == 1) {
        (void)pci_read(t->device->function, offset, width);
      } else {
        pci_write(t->device->function, offset, width, (uint32_t)value);
      }
    }
  }
}

static void isr_storm(struct Target* t, unsigned long count) {
  while (count--) {
    if (count % 16 == 0) {
      push(t);
    }
    (void)read8(t->device->isr.address);
  }
  write32(t->device->isr.address, 0xffffffff);
  (void)target_react(t);
}

static const struct Row live_rows[] = {
    {"bar-next-door", bar_to, 0},
    {"bar-far-away", bar_to, 1},
    {"bar-onto-the-program", bar_to, 2},
    {"bar-onto-the-end-of-ram", bar_to, 3},
    {"bar-onto-the-local-apic", bar_to, 4},
    {"bar-onto-the-io-apic", bar_to, 5},
    {"bar-to-0", bar_to, 6},
    {"bar-to-the-top", bar_to, 7},
    {"bar-onto-a-buffer", bar_to, 8},
    {"bar-onto-ecam", bar_to, 9},
    {"bar-onto-kvms-pages", bar_to, 10},
    {"bar-to-2^45", bar_to, 11},
    {"bar-storm", bar_storm, 20},
    {"bars-sized", bars_sized, 0},
    {"bar-onto-other-devices", bar_onto_other, 0},
    {"decoding-off", command, kPciCommandMaster},
    {"bus-master-off", command, kPciCommandMemory},
    {"command-0", command, 0},
    {"command-ones", command, 0xffff},
    {"command-storm", command_storm, 40},
    {"configuration-read", configuration, 1},
    {"configuration-zeroes", configuration, 0},
    {"configuration-ones", configuration, 0xffffffff},
    {"configuration-0xaa", configuration, 0xaaaaaaaa},
    {"isr-storm", isr_storm, 500},
};
FAMILY_OF_ROWS(live, live_rows)
const struct Family family_pci_live = {"pci", kAnyKind, kPci, kSplit, 0, ROWS(live, live_rows)};

// --- MSI-X ---
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
    push(t);
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

static void entry(struct Target* t, unsigned long which) {
  // Vectors are ones that programs ignore, or delivery modes that must come to nothing here.
  static const struct {
    uint64_t address;
    uint32_t data;
  } kEntries[] = {{0, 0x4f},           {~0ull, 0xffffffff},    {0x100000, 0x4f},
                  {0xfee00000, 0},     {0xfee00000, 0x0f},     {0xfeeff000, 0x4f},
                  {0xfee0000c, 0x14f}, {0xfee00000, 0x34f},    {0xfee00000, 0xffff004f},
                  {0xfec00000, 0x4f},  {0x1fee00000ull, 0x4f}, {0xfee00001, 0x4f}};
  if (live_with_entry(t, kEntries[which].address, kEntries[which].data, 0)) {
    push(t);
    (void)target_react(t);
  }
}

static void mask_storm(struct Target* t, unsigned long count) {
  if (!live_with_entry(t, 0xfee00000, 0x4f, 0)) {
    return;
  }
  for (unsigned long i = 0; i < count; ++i) {
    write32(t->device->msix_table + 12, i & 1);
    if (i % 8 == 0) {
      push(t);
    }
  }
  (void)target_react(t);
}

static void function_mask_storm(struct Target* t, unsigned long count) {
  if (!live_with_entry(t, 0xfee00000, 0x4f, 0)) {
    return;
  }
  for (unsigned long i = 0; i < count; ++i) {
    control(t->device, i % 3 == 0 ? 0 : i % 3 == 1 ? kEnable : kEnable | kFunctionMask);
    if (i % 4 == 0) {
      push(t);
    }
  }
  (void)target_react(t);
}

static void address_storm(struct Target* t, unsigned long count) {
  if (!live_with_entry(t, 0xfee00000, 0x4f, 0)) {
    return;
  }
  for (unsigned long i = 0; i < count; ++i) {
    write32(t->device->msix_table, (uint32_t)(0xfee00000 + (i << 12)));
    write64(t->device->msix_table + 8, 0x4f | i << 16);
    if (i % 8 == 0) {
      push(t);
    }
  }
  (void)target_react(t);
}

static void vector_changed_live(struct Target* t, unsigned long count) {
  if (!live_with_entry(t, 0xfee00000, 0x4f, 0)) {
    return;
  }
  const uint64_t common = t->device->common.address;
  for (unsigned long i = 0; i < count; ++i) {
    write16(common + kCommonQueueSelect, t->main->index & 0xffff);
    write16(common + kCommonQueueVector, (uint16_t)(i % 5 == 4 ? 0xffff : i));
    push(t);
  }
  (void)target_react(t);
}

static const struct Row msix_rows[] = {
    {"vector-100", vector, 100},
    {"vector-0x7ff", vector, 0x7ff},
    {"vector-0x800", vector, 0x800},
    {"vector-0xfffe", vector, 0xfffe},
    {"message-to-0", entry, 0},
    {"message-of-ones", entry, 1},
    {"message-into-ram", entry, 2},
    {"message-of-vector-0", entry, 3},
    {"message-of-vector-15", entry, 4},
    {"message-to-nobody", entry, 5},
    {"message-lowest-priority", entry, 6},
    {"message-reserved-mode", entry, 7},
    {"message-high-data", entry, 8},
    {"message-to-the-io-apic", entry, 9},
    {"message-beyond-4-gib", entry, 10},
    {"message-misaligned", entry, 11},
    {"mask-storm", mask_storm, 100},
    {"function-mask-storm", function_mask_storm, 60},
    {"address-storm", address_storm, 40},
    {"vector-changed-while-live", vector_changed_live, 20},
};
FAMILY_OF_ROWS(msix, msix_rows)
const struct Family family_pci = {
    "msix", kAnyKind, kPci, kFresh, 1ull << kFeatureRingPacked, ROWS(msix, msix_rows)};

// --- Configuration access capability ---
static const uint8_t kBars[] = {0, 1, 2, 3, 4, 5, 6, 0x7f, 0xff};
static const uint32_t kOffsets[] = {0, 20, 0xffc, 0x1000, 0x7fffffff, 0xfffffffc, 0xffffffff};
static const uint32_t kLengths[] = {0, 1, 2, 3, 4, 8, 0x80000000, 0xffffffff};
enum { kBarCount = sizeof kBars, kOffsetCount = 7, kLengthCount = 8 };

static const char* access_name(unsigned row) {
  static char name[] = "bar-0x00";
  name[6] = "0123456789abcdef"[kBars[row] >> 4];
  name[7] = "0123456789abcdef"[kBars[row] & 15];
  return name;
}

static void access_by_capability(struct Target* t, unsigned row) {
  const struct VirtioDevice* device = t->device;
  const unsigned at = device->access_capability;
  if (!at) {
    return;
  }
  for (unsigned i = 0; i < kOffsetCount * kLengthCount; ++i) {
    pci_write(device->function, at + 4, 1, kBars[row]);
    pci_write(device->function, at + 8, 4, kOffsets[i % kOffsetCount]);
    pci_write(device->function, at + 12, 4, kLengths[i / kOffsetCount]);
    (void)pci_read(device->function, at + 16, 4);
    pci_write(device->function, at + 16, 4, i * 0x01010101);
    pci_write(device->function, at + 17, 1, 0xff);
    (void)pci_read(device->function, at + 18, 2);
  }
}

const struct Family family_pci_access = {
    "pci-access", kAnyKind, kPci, kSplit, 0, kBarCount, access_name, access_by_capability};
