#include "guest/virtio/device.h"

#include "guest/virtio/deadline.h"
#include "guest/virtio/registers.h"

uint32_t virtio_status(const struct VirtioDevice* device) {
  return device->is_pci ? read8(device->common.address + kCommonStatus)
                        : read32(device->base + kMmioStatus);
}

void virtio_set_status(const struct VirtioDevice* device, uint32_t status) {
  if (device->is_pci) {
    write8(device->common.address + kCommonStatus, (uint8_t)status);
  } else {
    write32(device->base + kMmioStatus, status);
  }
}

uint64_t virtio_device_features(const struct VirtioDevice* device) {
  uint64_t features = 0;
  for (unsigned half = 0; half < 2; ++half) {
    uint32_t bits;
    if (device->is_pci) {
      write32(device->common.address + kCommonDeviceFeatureSelect, half);
      bits = read32(device->common.address + kCommonDeviceFeature);
    } else {
      write32(device->base + kMmioDeviceFeaturesSel, half);
      bits = read32(device->base + kMmioDeviceFeatures);
    }
    features |= (uint64_t)bits << 32 * half;
  }
  return features;
}

void virtio_set_driver_features(const struct VirtioDevice* device, uint64_t features) {
  for (unsigned half = 0; half < 2; ++half) {
    const uint32_t bits = (uint32_t)(features >> 32 * half);
    if (device->is_pci) {
      write32(device->common.address + kCommonDriverFeatureSelect, half);
      write32(device->common.address + kCommonDriverFeature, bits);
    } else {
      write32(device->base + kMmioDriverFeaturesSel, half);
      write32(device->base + kMmioDriverFeatures, bits);
    }
  }
}

uint64_t virtio_config_address(const struct VirtioDevice* device, unsigned* length) {
  *length = device->is_pci               ? device->config.length
            : device->size > kMmioConfig ? (unsigned)device->size - kMmioConfig
                                         : 0x100;
  return device->is_pci ? device->config.address : device->base + kMmioConfig;
}

// 2.5.1: no field is read wider than 32 bits at once.
uint64_t virtio_config(const struct VirtioDevice* device, unsigned offset, unsigned width) {
  unsigned length;
  const uint64_t at = virtio_config_address(device, &length);
  if (!at) {
    return 0;
  }
  if (width < 8) {
    return read_width(at + offset, width);
  }
  for (;;) {
    const uint32_t generation = virtio_generation(device);
    const uint64_t value = read32(at + offset) | (uint64_t)read32(at + offset + 4) << 32;
    if (virtio_generation(device) == generation) {
      return value;
    }
  }
}

void virtio_set_config(const struct VirtioDevice* device, unsigned offset, unsigned width,
                       uint64_t value) {
  unsigned length;
  const uint64_t at = virtio_config_address(device, &length);
  if (at) {
    write_width(at + offset, width, value);
  }
}

uint32_t virtio_generation(const struct VirtioDevice* device) {
  return device->is_pci ? read8(device->common.address + kCommonGeneration)
                        : read32(device->base + kMmioConfigGeneration);
}

uint32_t virtio_interrupt_status(const struct VirtioDevice* device) {
  if (device->is_pci) {
    return read8(device->isr.address);
  }
  const uint32_t status = read32(device->base + kMmioInterruptStatus);
  write32(device->base + kMmioInterruptAck, status);
  return status;
}

uint32_t virtio_queue_maximum(const struct VirtioDevice* device, unsigned queue) {
  if (device->is_pci) {
    if (queue >= read16(device->common.address + kCommonQueueCount)) {
      return 0;
    }
    write16(device->common.address + kCommonQueueSelect, (uint16_t)queue);
    return read16(device->common.address + kCommonQueueSize);
  }
  write32(device->base + kMmioQueueSel, queue);
  return read32(device->base + kMmioQueueSizeMax);
}

static void write_address(uint64_t at, uint64_t value) {
  write32(at, (uint32_t)value);
  write32(at + 4, (uint32_t)(value >> 32));
}

void virtio_queue_write(const struct VirtioDevice* device, unsigned queue,
                        const struct QueueRegisters* registers, int enable) {
  if (device->is_pci) {
    const uint64_t common = device->common.address;
    write16(common + kCommonQueueSelect, (uint16_t)queue);
    write16(common + kCommonQueueSize, registers->size);
    write_address(common + kCommonQueueDesc, registers->desc);
    write_address(common + kCommonQueueDriver, registers->driver);
    write_address(common + kCommonQueueDevice, registers->device);
    if (enable) {
      write16(common + kCommonQueueEnable, 1);
    }
  } else {
    write32(device->base + kMmioQueueSel, queue);
    write32(device->base + kMmioQueueSize, registers->size);
    write_address(device->base + kMmioQueueDesc, registers->desc);
    write_address(device->base + kMmioQueueDriver, registers->driver);
    write_address(device->base + kMmioQueueDevice, registers->device);
    if (enable) {
      write32(device->base + kMmioQueueReady, 1);
    }
  }
}

uint64_t virtio_notify_address(const struct VirtioDevice* device, unsigned queue) {
  if (!device->is_pci) {
    return device->base + kMmioQueueNotify;
  }
  write16(device->common.address + kCommonQueueSelect, (uint16_t)queue);
  const uint32_t offset = read16(device->common.address + kCommonQueueNotifyOff);
  return device->notify.address + (uint64_t)offset * device->notify_multiplier;
}

void virtio_notify_at(const struct VirtioDevice* device, uint64_t address, uint32_t value) {
  if (device->is_pci && !(device->features & feature(kFeatureNotificationData))) {
    write16(address, (uint16_t)value);
  } else {
    write32(address, value);
  }
}

int virtio_reset(struct VirtioDevice* device) {
  virtio_set_status(device, 0);
  const struct Deadline deadline = deadline_in(10000);
  while (virtio_status(device) != 0) {
    if (deadline_over(&deadline)) {
      return 0;
    }
  }
  return 1;
}

int virtio_negotiate(struct VirtioDevice* device, uint64_t wanted) {
  device->features = 0;
  if (!virtio_reset(device)) {
    return 0;
  }
  virtio_set_status(device, kStatusAcknowledge);
  virtio_set_status(device, kStatusAcknowledge | kStatusDriver);
  const uint64_t features = virtio_device_features(device) & (wanted | feature(kFeatureVersion1));
  if (!(features & feature(kFeatureVersion1))) {
    return 0;
  }
  virtio_set_driver_features(device, features);
  virtio_set_status(device, kStatusAcknowledge | kStatusDriver | kStatusFeaturesOk);
  if (!(virtio_status(device) & kStatusFeaturesOk)) {
    return 0;
  }
  device->features = features;
  return 1;
}

void virtio_driver_ok(struct VirtioDevice* device) {
  virtio_set_status(device,
                    kStatusAcknowledge | kStatusDriver | kStatusFeaturesOk | kStatusDriverOk);
}

// Every move costs the VMM a grace period of the kernel on some hosts: only where it is needed.
static void restore_configuration(const struct VirtioDevice* device) {
  const PciFunction function = device->function;
  int moved = 0;
  for (unsigned bar = 0; bar < 6; ++bar) {
    moved |= device->bar_size[bar] && pci_bar(function, bar) != device->bar_address[bar];
  }
  const uint32_t command = kPciCommandMemory | kPciCommandMaster;
  if (moved) {
    pci_write(function, kPciCommand, 2, 0);
    for (unsigned bar = 0; bar < 6; ++bar) {
      if (device->bar_size[bar]) {
        pci_set_bar(function, bar, device->bar_address[bar]);
      }
    }
  }
  if (device->msix_capability && pci_read(function, device->msix_capability + 2, 2) >> 14) {
    pci_write(function, device->msix_capability + 2, 2, 0);
  }
  if ((pci_read(function, kPciCommand, 2) & 0x7ff) != command) {
    pci_write(function, kPciCommand, 2, command);
  }
  if (pci_read(function, kPciInterruptLine, 1) != device->line) {
    pci_write(function, kPciInterruptLine, 1, device->line);
  }
}

int virtio_restore(struct VirtioDevice* device) {
  if (device->is_pci) {
    restore_configuration(device);
  }
  device->uses_msix = 0;
  return virtio_reset(device);
}
