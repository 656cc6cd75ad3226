// The devices a configuration can add to any board, in one list: each entry turns its sections of
// the configuration into devices that have no address, no interrupt and no transport yet. The board
// gives them those (virtio_devices.h).
//
// A new kind of device is a file in vmm/board/devices, a line in its CMake list and one in
// device_table.cc.
//
// Thread rule: the machine's thread, while no vCPU runs.
#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "virtio/core/virtio_device.h"
#include "vmm/base/clock.h"
#include "vmm/board/device_controls.h"
#include "vmm/board/emulated_device.h"
#include "vmm/io/byte_channel.h"
#include "vmm/io/executor.h"
#include "vmm/machine/vm_config.h"

namespace skiff {

// What devices are made from; all of it outlives them.
struct DeviceContext {
  const VmConfig& config;
  const Clock& clock;
  // An I/O thread by its name; with an empty one, of Skiff's choice. Throws HostError.
  std::function<Executor&(std::string_view thread)> io_thread;
  std::function<ByteSink&(const VirtioConsolePortConfig&)> console_port_sink;
};

// A virtio device or an emulated one.
struct ConfiguredDevice {
  std::unique_ptr<VirtioDevice> device{};
  std::unique_ptr<EmulatedDevice> emulated{};
  VirtioConfig virtio{};  // of `device`
  // The part of it that is the other end of the person's terminal; null: none.
  CharacterDevice* terminal = nullptr;
  // What of it can be seen and changed while it runs, of the device; null: nothing.
  std::unique_ptr<DeviceControls> controls{};
  // The character streams that it has, in the configuration's order.
  std::vector<CharacterDevice*> character_devices{};
};

// Appends those the configuration asks for, in its order. Throws ConfigError or HostError.
using DeviceFactory = void (*)(const DeviceContext& context, std::vector<ConfiguredDevice>& out);

// All of them, in the order in which they get their places: disks, network cards, console, entropy.
std::vector<ConfiguredDevice> create_configured_devices(const DeviceContext& context);

}  // namespace skiff
