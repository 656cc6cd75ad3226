#include "guest/lib/print.h"
#include "guest/lib/text.h"
#include "guest/machine/high_memory.h"
#include "guest/machine/mmio_devices.h"
#include "guest/virtio/device.h"
#include "guest/virtio/registers.h"

enum {  // 4.1.4, cfg_type
  kCapabilityCommon = 1,
  kCapabilityNotify = 2,
  kCapabilityIsr = 3,
  kCapabilityDevice = 4,
  kCapabilityPci = 5,
};

enum { kMostPlaces = 32 };

static void read_bars(struct VirtioDevice* device) {
  for (unsigned bar = 0; bar < 6; ++bar) {
    const uint64_t address = pci_bar(device->function, bar);
    int is_64;
    const uint64_t size = pci_bar_size(device->function, bar, &is_64);
    if (address && size) {
      device->bar_address[bar] = address;
      device->bar_size[bar] = size;
      map_high_memory(address, size);
    }
    bar += (unsigned)is_64;
  }
}

static struct VirtioRegion read_region(const struct VirtioDevice* device, unsigned at) {
  struct VirtioRegion region = {0, pci_read(device->function, at + 8, 4),
                                pci_read(device->function, at + 12, 4),
                                (uint8_t)pci_read(device->function, at + 4, 1)};
  if (region.bar < 6 && device->bar_size[region.bar]) {
    region.address = device->bar_address[region.bar] + region.offset;
  }
  return region;
}

// 4.1.4: of several capabilities of one type the first that can be used counts.
static void read_capability(struct VirtioDevice* device, unsigned at) {
  struct VirtioRegion* into = 0;
  switch (pci_read(device->function, at + 3, 1)) {
    case kCapabilityCommon:
      into = &device->common;
      break;
    case kCapabilityNotify:
      into = &device->notify;
      break;
    case kCapabilityIsr:
      into = &device->isr;
      break;
    case kCapabilityDevice:
      into = &device->config;
      break;
    case kCapabilityPci:
      device->access_capability = at;
      break;
    default:
      break;
  }
  if (!into || into->address) {
    return;
  }
  *into = read_region(device, at);
  if (into == &device->notify) {
    device->notify_multiplier = pci_read(device->function, at + 16, 4);
  }
}

static int read_pci(PciFunction function, struct VirtioDevice* device) {
  const uint32_t id = pci_read(function, kPciVendor, 4);
  if ((id & 0xffff) != 0x1af4 || id >> 16 < 0x1000 || id >> 16 > 0x107f || id >> 16 == 0x1040) {
    return 0;
  }
  // 4.1.2.1: a transitional device says its type by the subsystem's number; it too is driven by its
  // modern registers.
  const unsigned type =
      id >> 16 < 0x1040 ? pci_read(function, kPciSubsystem, 2) : (id >> 16) - 0x1040;
  *device = (struct VirtioDevice){.type = type, .is_pci = 1, .function = function};
  read_bars(device);
  for (unsigned at = pci_capability(function, kPciCapabilityVendor, 0); at;
       at = pci_capability(function, kPciCapabilityVendor, at)) {
    read_capability(device, at);
  }
  device->msix_capability = pci_capability(function, kPciCapabilityMsix, 0);
  if (device->msix_capability) {
    device->msix_count = (pci_read(function, device->msix_capability + 2, 2) & 0x7ff) + 1;
    const uint32_t table = pci_read(function, device->msix_capability + 4, 4);
    if ((table & 7) < 6 && device->bar_size[table & 7]) {
      device->msix_table = device->bar_address[table & 7] + (table & ~7u);
    }
  }
  device->line = pci_read(function, kPciInterruptLine, 1);
  device->gsi = device->line;
  pci_write(function, kPciCommand, 2,
            pci_read(function, kPciCommand, 2) | kPciCommandMemory | kPciCommandMaster);
  return device->common.address && device->notify.address && device->isr.address;
}

static unsigned find_pci(struct VirtioDevice* devices, unsigned maximum) {
  unsigned count = 0;
  for (unsigned slot = 0; slot < 32 && count < maximum; ++slot) {
    const uint32_t id = pci_read(pci_function(slot, 0), kPciVendor, 4);
    if (id == 0xffffffff || id == 0) {
      continue;
    }
    const unsigned functions = pci_read(pci_function(slot, 0), 0x0e, 1) & 0x80 ? 8 : 1;
    for (unsigned function = 0; function < functions && count < maximum; ++function) {
      count += (unsigned)read_pci(pci_function(slot, function), devices + count);
    }
  }
  return count;
}

static unsigned find_mmio(const char* line, struct VirtioDevice* devices, unsigned maximum) {
  static struct MmioDevice places[kMostPlaces];
  const unsigned places_count = mmio_devices(line, places, kMostPlaces);
  unsigned count = 0;
  for (unsigned i = 0; i < places_count && count < maximum; ++i) {
    const uint64_t base = places[i].base;
    if (read32(base + kMmioMagic) != 0x74726976 || read32(base + kMmioVersion) != 2 ||
        read32(base + kMmioDeviceId) == 0) {
      continue;
    }
    devices[count++] = (struct VirtioDevice){.type = read32(base + kMmioDeviceId),
                                             .base = base,
                                             .size = places[i].size,
                                             .gsi = places[i].line};
  }
  return count;
}

unsigned virtio_find(const char* command_line, struct VirtioDevice* devices, unsigned maximum) {
  const unsigned count = find_pci(devices, maximum);
  return count + find_mmio(command_line, devices + count, maximum - count);
}

struct VirtioDevice* virtio_find_one(const char* command_line, unsigned type, unsigned index) {
  static struct VirtioDevice devices[32];
  static struct VirtioDevice found;
  const unsigned count = virtio_find(command_line, devices, 32);
  for (unsigned i = 0; i < count; ++i) {
    if (devices[i].type != type ||
        text_is(command_line, "transport", devices[i].is_pci ? "mmio" : "pci")) {
      continue;
    }
    if (index-- == 0) {
      found = devices[i];
      return &found;
    }
  }
  return 0;
}

const char* virtio_type_name(unsigned type) {
  static const char* const kNames[] = {"?", "net", "blk", "console", "rng"};
  return type < sizeof kNames / sizeof *kNames ? kNames[type] : "?";
}

void virtio_print_name(const struct VirtioDevice* device) {
  print(virtio_type_name(device->type));
  if (device->is_pci) {
    print(" pci 00:");
    print_hex(pci_slot(device->function), 2);
    print(".");
    print_hex(device->function >> 8 & 7, 1);
  } else {
    print(" mmio 0x");
    print_hex(device->base, 8);
  }
}
