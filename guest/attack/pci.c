// PCI under the device's feet: BARs, command register, the configuration access capability
// (4.1.4.9), ISR.
#include "guest/attack/family.h"
#include "guest/machine/program.h"
#include "guest/virtio/registers.h"

static unsigned first_bar(const struct VirtioDevice* device) {
  return device->common.bar;
}

static void push_while_bar_is_at(struct Target* t, uint64_t place) {
  struct VirtioDevice* device = t->device;
  const unsigned bar = first_bar(device);
  target_push(t);
  pci_set_bar(device->function, bar, place);
  target_push(t);
  pci_set_bar(device->function, bar, device->bar_address[bar]);
  (void)target_react(t);
}

static void bar_to(struct Target* t, unsigned long where) {
  const struct VirtioDevice* device = t->device;
  const unsigned bar = first_bar(device);
  const uint64_t home = device->bar_address[bar];
  const uint64_t size = device->bar_size[bar];
  const uint64_t places[] = {
      home + size,
      home + 16 * size,
      (uint64_t)program_main & ~(size - 1),
      arena.ram_end - size,
      0,
      ~0ull << 20,
      (uint64_t)arena.guard,
      1ull << 45,
  };
  push_while_bar_is_at(t, places[where]);
}

static void bar_to_machine(struct Target* t, unsigned long which) {
  push_while_bar_is_at(t, machine_place((enum MachinePlace)which).address);
}

static void bar_storm(struct Target* t, unsigned long count) {
  struct VirtioDevice* device = t->device;
  const unsigned bar = first_bar(device);
  const uint64_t home = device->bar_address[bar];
  for (unsigned long i = 0; i < count; ++i) {
    pci_set_bar(device->function, bar, home + (i & 1) * device->bar_size[bar]);
    target_push(t);
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
    target_push(t);
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
        target_push(t);
      }
    }
  }
  pci_set_bar(t->device->function, bar, t->device->bar_address[bar]);
  (void)target_react(t);
}

static void command(struct Target* t, unsigned long value) {
  target_push(t);
  pci_write(t->device->function, kPciCommand, 2, (uint32_t)value);
  target_push(t);
  pci_write(t->device->function, kPciCommand, 2, kPciCommandMemory | kPciCommandMaster);
  (void)target_react(t);
}

static void command_storm(struct Target* t, unsigned long count) {
  for (unsigned long i = 0; i < count; ++i) {
    pci_write(t->device->function, kPciCommand, 2, (uint32_t)(i * 37 & 0x7ff));
    target_push(t);
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
      target_push(t);
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
    {"bar-onto", bar_to_machine, kPlaceController},
    {"bar-onto", bar_to_machine, kPlaceController2},
    {"bar-to-0", bar_to, 4},
    {"bar-to-the-top", bar_to, 5},
    {"bar-onto-a-buffer", bar_to, 6},
    {"bar-onto", bar_to_machine, kPlaceConfiguration},
    {"bar-onto", bar_to_machine, kPlaceHost},
    {"bar-to-2^45", bar_to, 7},
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
static const char* live_name(unsigned row) {
  const struct Row* r = live_rows + row;
  return r->run == bar_to_machine
             ? joined(r->name, machine_place((enum MachinePlace)r->argument).name)
             : r->name;
}
static void live_run(struct Target* t, unsigned row) {
  live_rows[row].run(t, live_rows[row].argument);
}
const struct Family family_pci_live = {"pci", kAnyKind, kPci, kSplit, 0, ROWS(live, live_rows)};

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
