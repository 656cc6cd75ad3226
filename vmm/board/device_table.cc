#include "vmm/board/device_table.h"

#include <array>

#include "vmm/board/devices/console_device.h"
#include "vmm/board/devices/disk_device.h"
#include "vmm/board/devices/net_device.h"
#include "vmm/board/devices/rng_device.h"

namespace skiff {
namespace {

// Guests number what they find by its place: a new kind of device goes to the end.
constexpr std::array kDeviceTable = {
    create_disks,
    create_net_cards,
    create_virtio_console,
    create_entropy_source,
};

}  // namespace

std::vector<ConfiguredDevice> create_configured_devices(const DeviceContext& context) {
  std::vector<ConfiguredDevice> devices;
  for (const DeviceFactory create : kDeviceTable)
    create(context, devices);
  return devices;
}

}  // namespace skiff
