// Registers and capabilities of virtio over PCI, modern layout (VIRTIO 1.2, 4.1).
#pragma once

#include <array>
#include <cstdint>

#include "virtio/transport/register_row.h"
#include "vmm/base/bits.h"

namespace skiff::virtio_pci {

// Identity (4.1.2).
inline constexpr std::uint16_t kVendor = 0x1af4;
inline constexpr std::uint16_t kFirstDevice = 0x1040;  // plus the device type
inline constexpr std::uint8_t kRevision = 1;

// Where BAR 0 shows what: a page each, so that a guest can map one without the others.
inline constexpr std::uint64_t kBarSize = 16 * KiB;
inline constexpr std::uint64_t kCommon = 0x0000;
inline constexpr std::uint64_t kIsr = 0x1000;
inline constexpr std::uint64_t kDevice = 0x2000;
inline constexpr std::uint64_t kNotify = 0x3000;
inline constexpr std::uint32_t kIsrSize = 1;
inline constexpr std::uint32_t kDeviceSize = 0x1000;
inline constexpr std::uint32_t kNotifyMultiplier = 4;

// struct virtio_pci_cap (4.1.4), from its cap_vndr.
inline constexpr unsigned kCapBar = 4;
inline constexpr unsigned kCapOffset = 8;
inline constexpr unsigned kCapLength = 12;
inline constexpr unsigned kCapSize = 16;
inline constexpr unsigned kCapNotifyMultiplier = 16;  // struct virtio_pci_notify_cap
inline constexpr unsigned kCapWindowData = 16;        // struct virtio_pci_cfg_cap
inline constexpr std::uint8_t kCapCommon = 1;         // cfg_type
inline constexpr std::uint8_t kCapNotify = 2;
inline constexpr std::uint8_t kCapIsr = 3;
inline constexpr std::uint8_t kCapDevice = 4;
inline constexpr std::uint8_t kCapWindow = 5;

inline constexpr std::uint16_t kNoVector = 0xffff;

// struct virtio_pci_common_cfg (4.1.4.3).
inline constexpr std::uint16_t kDeviceFeatureSelect = 0x00;
inline constexpr std::uint16_t kDeviceFeature = 0x04;
inline constexpr std::uint16_t kDriverFeatureSelect = 0x08;
inline constexpr std::uint16_t kDriverFeature = 0x0c;
inline constexpr std::uint16_t kConfigMsixVector = 0x10;
inline constexpr std::uint16_t kNumQueues = 0x12;
inline constexpr std::uint16_t kDeviceStatus = 0x14;
inline constexpr std::uint16_t kConfigGeneration = 0x15;
inline constexpr std::uint16_t kQueueSelect = 0x16;
inline constexpr std::uint16_t kQueueSize = 0x18;
inline constexpr std::uint16_t kQueueMsixVector = 0x1a;
inline constexpr std::uint16_t kQueueEnable = 0x1c;
inline constexpr std::uint16_t kQueueNotifyOff = 0x1e;
inline constexpr std::uint16_t kQueueDesc = 0x20;
inline constexpr std::uint16_t kQueueDriver = 0x28;
inline constexpr std::uint16_t kQueueDevice = 0x30;
inline constexpr std::uint32_t kCommonSize =
    0x38;  // queue_notify_data and queue_reset would follow

inline constexpr auto kRows = [] {
  using enum RowAccess;
  using enum RegisterPart;
  using Reg = TransportRegister;
  return std::to_array<RegisterRow>({
      {kDeviceFeatureSelect, 4, read_write, "device_feature_select", Reg::device_feature_select},
      {kDeviceFeature, 4, read_only, "device_feature", Reg::device_feature},
      {kDriverFeatureSelect, 4, read_write, "driver_feature_select", Reg::driver_feature_select},
      {kDriverFeature, 4, read_write, "driver_feature", Reg::driver_feature},
      {kConfigMsixVector, 2, read_write, "config_msix_vector"},
      {kNumQueues, 2, read_only, "num_queues", Reg::num_queues},
      {kDeviceStatus, 1, read_write, "device_status", Reg::device_status},
      {kConfigGeneration, 1, read_only, "config_generation", Reg::config_generation},
      {kQueueSelect, 2, read_write, "queue_select", Reg::queue_select},
      {kQueueSize, 2, read_write, "queue_size", Reg::queue_size},
      {kQueueMsixVector, 2, read_write, "queue_msix_vector"},
      {kQueueEnable, 2, read_write, "queue_enable", Reg::queue_enable},
      {kQueueNotifyOff, 2, read_only, "queue_notify_off"},
      {kQueueDesc, 8, read_write, "queue_desc", Reg::queue_desc, whole},
      {kQueueDesc, 4, read_write, "queue_desc", Reg::queue_desc, low},
      {kQueueDesc + 4, 4, read_write, "queue_desc", Reg::queue_desc, high},
      {kQueueDriver, 8, read_write, "queue_driver", Reg::queue_driver, whole},
      {kQueueDriver, 4, read_write, "queue_driver", Reg::queue_driver, low},
      {kQueueDriver + 4, 4, read_write, "queue_driver", Reg::queue_driver, high},
      {kQueueDevice, 8, read_write, "queue_device", Reg::queue_device, whole},
      {kQueueDevice, 4, read_write, "queue_device", Reg::queue_device, low},
      {kQueueDevice + 4, 4, read_write, "queue_device", Reg::queue_device, high},
  });
}();

}  // namespace skiff::virtio_pci
