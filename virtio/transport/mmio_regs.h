// Registers of virtio-mmio version 2 (VIRTIO 1.2, 4.2.2).
#pragma once

#include <array>
#include <cstdint>

#include "virtio/transport/register_row.h"

namespace skiff::virtio_mmio {

inline constexpr std::uint32_t kMagic = 0x7472'6976;  // "virt"
inline constexpr std::uint32_t kVersion = 2;
inline constexpr std::uint32_t kVendor = 0x4649'4b53;  // "SKIF"

inline constexpr std::uint16_t kMagicValue = 0x000;
inline constexpr std::uint16_t kVersionOffset = 0x004;
inline constexpr std::uint16_t kDeviceId = 0x008;
inline constexpr std::uint16_t kVendorId = 0x00c;
inline constexpr std::uint16_t kDeviceFeatures = 0x010;
inline constexpr std::uint16_t kDeviceFeaturesSel = 0x014;
inline constexpr std::uint16_t kDriverFeatures = 0x020;
inline constexpr std::uint16_t kDriverFeaturesSel = 0x024;
inline constexpr std::uint16_t kQueueSel = 0x030;
inline constexpr std::uint16_t kQueueNumMax = 0x034;
inline constexpr std::uint16_t kQueueNum = 0x038;
inline constexpr std::uint16_t kQueueReady = 0x044;
inline constexpr std::uint16_t kQueueNotify = 0x050;
inline constexpr std::uint16_t kInterruptStatus = 0x060;
inline constexpr std::uint16_t kInterruptAck = 0x064;
inline constexpr std::uint16_t kStatus = 0x070;
inline constexpr std::uint16_t kQueueDescLow = 0x080;
inline constexpr std::uint16_t kQueueDescHigh = 0x084;
inline constexpr std::uint16_t kQueueDriverLow = 0x090;
inline constexpr std::uint16_t kQueueDriverHigh = 0x094;
inline constexpr std::uint16_t kQueueDeviceLow = 0x0a0;
inline constexpr std::uint16_t kQueueDeviceHigh = 0x0a4;
inline constexpr std::uint16_t kShmSel = 0x0ac;
inline constexpr std::uint16_t kShmLenLow = 0x0b0;
inline constexpr std::uint16_t kShmLenHigh = 0x0b4;
inline constexpr std::uint16_t kShmBaseLow = 0x0b8;
inline constexpr std::uint16_t kShmBaseHigh = 0x0bc;
inline constexpr std::uint16_t kConfigGeneration = 0x0fc;
inline constexpr std::uint16_t kConfig = 0x100;

inline constexpr std::uint8_t kRegisterWidth = 4;

inline constexpr auto kRows = [] {
  using enum RowAccess;
  using enum RegisterPart;
  using Reg = TransportRegister;
  constexpr std::uint8_t w = kRegisterWidth;
  return std::to_array<RegisterRow>({
      {kMagicValue, w, read_only, "MagicValue"},
      {kVersionOffset, w, read_only, "Version"},
      {kDeviceId, w, read_only, "DeviceID"},
      {kVendorId, w, read_only, "VendorID"},
      {kDeviceFeatures, w, read_only, "DeviceFeatures", Reg::device_feature},
      {kDeviceFeaturesSel, w, write_only, "DeviceFeaturesSel", Reg::device_feature_select},
      {kDriverFeatures, w, write_only, "DriverFeatures", Reg::driver_feature},
      {kDriverFeaturesSel, w, write_only, "DriverFeaturesSel", Reg::driver_feature_select},
      {kQueueSel, w, write_only, "QueueSel", Reg::queue_select},
      {kQueueNumMax, w, read_only, "QueueNumMax", Reg::queue_size_max},
      {kQueueNum, w, write_only, "QueueNum", Reg::queue_size},
      {kQueueReady, w, read_write, "QueueReady", Reg::queue_enable},
      {kQueueNotify, w, write_only, "QueueNotify"},
      {kInterruptStatus, w, read_only, "InterruptStatus"},
      {kInterruptAck, w, write_only, "InterruptACK"},
      {kStatus, w, read_write, "Status", Reg::device_status},
      {kQueueDescLow, w, write_only, "QueueDescLow", Reg::queue_desc, low},
      {kQueueDescHigh, w, write_only, "QueueDescHigh", Reg::queue_desc, high},
      {kQueueDriverLow, w, write_only, "QueueDriverLow", Reg::queue_driver, low},
      {kQueueDriverHigh, w, write_only, "QueueDriverHigh", Reg::queue_driver, high},
      {kQueueDeviceLow, w, write_only, "QueueDeviceLow", Reg::queue_device, low},
      {kQueueDeviceHigh, w, write_only, "QueueDeviceHigh", Reg::queue_device, high},
      {kShmSel, w, write_only, "SHMSel"},
      {kShmLenLow, w, read_only, "SHMLenLow"},
      {kShmLenHigh, w, read_only, "SHMLenHigh"},
      {kShmBaseLow, w, read_only, "SHMBaseLow"},
      {kShmBaseHigh, w, read_only, "SHMBaseHigh"},
      {kConfigGeneration, w, read_only, "ConfigGeneration", Reg::config_generation},
  });
}();

}  // namespace skiff::virtio_mmio
