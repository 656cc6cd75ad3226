// Every register, at every offset and width (2.5, 4.1.4, 4.2.2).
#include "guest/attack/family.h"
#include "guest/virtio/registers.h"

enum { kCommon, kIsr, kConfig, kMsix, kRegisters, kAreas };
static const char* const kAreaNames[] = {"common", "isr", "config", "msix", "registers"};
static const char* const kWhat[] = {"read",           "write-zeroes", "write-ones",
                                    "write-0x55",     "read-live",    "write-zeroes-live",
                                    "write-ones-live"};

static uint64_t area_of(const struct VirtioDevice* device, unsigned area, unsigned* length) {
  uint64_t at = 0;
  *length = 64;
  switch (area) {
    case kCommon:
      at = device->common.address;
      break;
    case kIsr:
      at = device->isr.address;
      *length = 8;
      break;
    case kConfig:
      at = virtio_config_address(device, length);
      *length = *length < 128 ? *length : 128;
      break;
    case kMsix:
      at = device->msix_table;
      *length = device->msix_count * 16 < 64 ? device->msix_count * 16 : 64;
      break;
    default:
      at = device->base;
      *length = 0x120;
      break;
  }
  return at;
}

static const char* sweep_name(unsigned row) {
  return joined(kAreaNames[row / 7], kWhat[row % 7]);
}

static void sweep(struct Target* t, unsigned row) {
  const unsigned what = row % 7;
  unsigned length;
  const uint64_t at = area_of(t->device, row / 7, &length);
  if (!at || (row / 7 == kRegisters) == t->device->is_pci) {
    return;
  }
  if (what >= 4) {
    (void)target_start(t);
  } else {
    virtio_set_status(t->device, kStatusAcknowledge | kStatusDriver);
  }
  static const uint64_t kValues[] = {0, 0, ~0ull, 0x5555555555555555ull, 0, 0, ~0ull};
  for (unsigned width = 1; width <= 8; width *= 2) {
    for (unsigned offset = 0; offset < length; ++offset) {
      if (what % 4 == 0) {
        (void)read_width(at + offset, width);
      } else {
        write_width(at + offset, width, kValues[what]);
      }
    }
  }
}

const struct Family family_sweeps = {"sweep", kAnyKind,   kBoth,      kFresh,
                                     0,       kAreas * 7, sweep_name, sweep};

// 4.2.2: what a device of version 2 does not have, and what lies behind its registers.
static void legacy(struct Target* t, unsigned long unused) {
  (void)unused;
  static const uint16_t kRegisters[] = {0x028, 0x03c, 0x040, 0x0ac, 0x0b0,
                                        0x0b4, 0x0b8, 0x0bc, 0x0c0, 0x0fc};
  for (unsigned i = 0; i < sizeof kRegisters / sizeof *kRegisters; ++i) {
    write32(t->device->base + kRegisters[i], 0xffffffff);
    (void)read32(t->device->base + kRegisters[i]);
  }
  (void)target_react(t);
}

static void acknowledge(struct Target* t, unsigned long value) {
  for (unsigned i = 0; i < 100; ++i) {
    write32(t->device->base + kMmioInterruptAck, (uint32_t)value);
    (void)read32(t->device->base + kMmioInterruptStatus);
  }
  (void)target_react(t);
}

static void beyond(struct Target* t, unsigned long unused) {
  (void)unused;
  const uint64_t end = t->device->base + t->device->size;
  for (unsigned width = 1; width <= 8; width *= 2) {
    for (unsigned back = 0; back < 8; ++back) {
      (void)read_width(end - back, width);
      write_width(end - back, width, ~0ull);
    }
  }
}

static const struct Row mmio_rows[] = {
    {"legacy-registers", legacy, 0},
    {"acknowledge-ones", acknowledge, 0xffffffff},
    {"acknowledge-nothing", acknowledge, 0},
    {"across-the-end", beyond, 0},
};
FAMILY_OF_ROWS(mmio, mmio_rows)
const struct Family family_mmio = {"mmio", kAnyKind, kMmio, kSplit, 0, ROWS(mmio, mmio_rows)};
