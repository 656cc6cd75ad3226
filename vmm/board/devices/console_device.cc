#include "vmm/board/devices/console_device.h"

#include "virtio/console/console_device.h"

namespace skiff {

void create_virtio_console(const DeviceContext& context, std::vector<ConfiguredDevice>& out) {
  const VirtioConsoleConfig& console = context.config.virtio_console;
  if (console.ports.empty()) return;
  std::vector<ConsolePortOptions> ports;
  for (const VirtioConsolePortConfig& port : console.ports) {
    ports.push_back(
        {.name = port.name, .is_console = port.console, .sink = &context.console_port_sink(port)});
  }
  auto device = std::make_unique<ConsoleDevice>(
      "console0", ports, context.io_thread(console.virtio.thread), context.clock);
  CharacterDevice* terminal = nullptr;
  std::vector<CharacterDevice*> character_devices;
  for (std::size_t i = 0; i < console.ports.size(); ++i) {
    character_devices.push_back(&device->port(i));
    if (console.ports[i].target == SerialTarget::console) terminal = &device->port(i);
  }
  out.push_back({.device = std::move(device),
                 .virtio = console.virtio,
                 .terminal = terminal,
                 .character_devices = std::move(character_devices)});
}

}  // namespace skiff
