// A virtio device as its driver sees it, over PCI or MMIO.
// Source: Virtual I/O Device (VIRTIO) 1.2: 2.1, 3.1 (initialization), 4.1 (PCI), 4.2 (MMIO).
#pragma once

#include <stdint.h>

#include "guest/virtio/pci.h"

enum {  // 5, device types
  kVirtioNet = 1,
  kVirtioBlk = 2,
  kVirtioConsole = 3,
  kVirtioRng = 4,
};

enum {  // 2.1, device status
  kStatusAcknowledge = 1,
  kStatusDriver = 2,
  kStatusDriverOk = 4,
  kStatusFeaturesOk = 8,
  kStatusNeedsReset = 64,
  kStatusFailed = 128,
};

enum {  // 6, reserved feature bits
  kFeatureIndirectDesc = 28,
  kFeatureEventIdx = 29,
  kFeatureVersion1 = 32,
  kFeatureRingPacked = 34,
  kFeatureInOrder = 35,
  kFeatureNotificationData = 38,
  kFeatureRingReset = 40,
};

static inline uint64_t feature(unsigned bit) {
  return 1ull << bit;
}

enum {  // 4.1.4.3, offsets in the common configuration structure
  kCommonDeviceFeatureSelect = 0,
  kCommonDeviceFeature = 4,
  kCommonDriverFeatureSelect = 8,
  kCommonDriverFeature = 12,
  kCommonConfigVector = 16,
  kCommonQueueCount = 18,
  kCommonStatus = 20,
  kCommonGeneration = 21,
  kCommonQueueSelect = 22,
  kCommonQueueSize = 24,
  kCommonQueueVector = 26,
  kCommonQueueEnable = 28,
  kCommonQueueNotifyOff = 30,
  kCommonQueueDesc = 32,
  kCommonQueueDriver = 40,
  kCommonQueueDevice = 48,
  kCommonQueueNotifyData = 56,
  kCommonQueueReset = 58,
  kCommonEnd = 60,
};

enum {  // 4.2.2, MMIO registers
  kMmioMagic = 0x000,
  kMmioVersion = 0x004,
  kMmioDeviceId = 0x008,
  kMmioVendorId = 0x00c,
  kMmioDeviceFeatures = 0x010,
  kMmioDeviceFeaturesSel = 0x014,
  kMmioDriverFeatures = 0x020,
  kMmioDriverFeaturesSel = 0x024,
  kMmioQueueSel = 0x030,
  kMmioQueueSizeMax = 0x034,
  kMmioQueueSize = 0x038,
  kMmioQueueReady = 0x044,
  kMmioQueueNotify = 0x050,
  kMmioInterruptStatus = 0x060,
  kMmioInterruptAck = 0x064,
  kMmioStatus = 0x070,
  kMmioQueueDesc = 0x080,
  kMmioQueueDriver = 0x090,
  kMmioQueueDevice = 0x0a0,
  kMmioConfigGeneration = 0x0fc,
  kMmioConfig = 0x100,
};

enum { kNoVector = 0xffff };

struct VirtioRegion {
  uint64_t address;  // 0: there is none
  uint32_t offset;   // in its BAR
  uint32_t length;
  uint8_t bar;
};

struct VirtioDevice {
  unsigned type;
  int is_pci;
  uint64_t features;  // negotiated

  PciFunction function;
  struct VirtioRegion common, notify, isr, config;
  uint32_t notify_multiplier;
  unsigned access_capability;  // VIRTIO_PCI_CAP_PCI_CFG (4.1.4.9), or 0
  unsigned msix_capability;    // or 0
  unsigned msix_count;
  uint64_t msix_table;
  int uses_msix;
  uint64_t bar_address[6];
  uint64_t bar_size[6];  // 0: not a memory BAR
  unsigned line;         // interrupt line register

  uint64_t base;  // MMIO
  uint64_t size;
  unsigned gsi;
};

// Everything there is: PCI functions of bus 0 that are modern virtio devices, by slot; then those
// over MMIO (machine/mmio_devices.h). Their order is kept.
unsigned virtio_find(const char* command_line, struct VirtioDevice* devices, unsigned maximum);
// The `index`th device of that type that `transport=pci` or `transport=mmio` on the command line
// allows; null if there is none.
struct VirtioDevice* virtio_find_one(const char* command_line, unsigned type, unsigned index);
void virtio_print_name(const struct VirtioDevice* device);
const char* virtio_type_name(unsigned type);

uint32_t virtio_status(const struct VirtioDevice* device);
void virtio_set_status(const struct VirtioDevice* device, uint32_t status);
uint64_t virtio_device_features(const struct VirtioDevice* device);
void virtio_set_driver_features(const struct VirtioDevice* device, uint64_t features);
uint64_t virtio_config(const struct VirtioDevice* device, unsigned offset, unsigned width);
void virtio_set_config(const struct VirtioDevice* device, unsigned offset, unsigned width,
                       uint64_t value);
// Address of the device configuration space, and how much of it the transport shows.
uint64_t virtio_config_address(const struct VirtioDevice* device, unsigned* length);
uint32_t virtio_generation(const struct VirtioDevice* device);
// Reading acknowledges on PCI; acknowledged by a write on MMIO.
uint32_t virtio_interrupt_status(const struct VirtioDevice* device);

struct QueueRegisters {
  uint16_t size;
  uint64_t desc, driver, device;
};
// 0: there is no such queue.
uint32_t virtio_queue_maximum(const struct VirtioDevice* device, unsigned queue);
// Writes the registers of a queue without asking whether they make sense; enables it if `enable`.
void virtio_queue_write(const struct VirtioDevice* device, unsigned queue,
                        const struct QueueRegisters* registers, int enable);
uint64_t virtio_notify_address(const struct VirtioDevice* device, unsigned queue);
void virtio_notify_at(const struct VirtioDevice* device, uint64_t address, uint32_t value);

// Writes 0 to the status and waits for it to read 0. 0 if it does not within seconds.
int virtio_reset(struct VirtioDevice* device);
// Reset, ACKNOWLEDGE, DRIVER, then of the features offered those in `wanted`, and FEATURES_OK.
// 0 if the device cannot be reset, does not offer VERSION_1, or refuses.
int virtio_negotiate(struct VirtioDevice* device, uint64_t wanted);
void virtio_driver_ok(struct VirtioDevice* device);

// As the device was found: BARs, command register, MSI-X off. Then reset.
int virtio_restore(struct VirtioDevice* device);
