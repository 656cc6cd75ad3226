#include "vmm/cli/config_summary.h"

#include <fmt/core.h>

#include "vmm/machine/config_keys.h"
#include "vmm/machine/size_text.h"

namespace skiff {

std::string config_summary(const VmConfig& config) {
  const auto protocols = find_config_key("boot", "protocol")->choices;
  std::string out = fmt::format("{}: {} vCPU{}, {} RAM, kernel {} ({})", config.machine.name,
                                config.machine.vcpus, config.machine.vcpus == 1 ? "" : "s",
                                format_size(config.machine.memory), config.boot.kernel,
                                protocols[static_cast<std::size_t>(config.boot.protocol)]);
  if (!config.boot.initrd.empty()) out += fmt::format(", initrd {}", config.boot.initrd);
  for (const SerialConfig& serial : config.serial) {
    switch (serial.target) {
      case SerialTarget::console:
        out += fmt::format(", COM{} on the console", serial.unit);
        break;
      case SerialTarget::file:
        out += fmt::format(", COM{} to {}", serial.unit, serial.path);
        break;
      case SerialTarget::null_sink:
        out += fmt::format(", COM{} to nowhere", serial.unit);
        break;
      case SerialTarget::socket:
        out += fmt::format(", COM{} to whoever attaches", serial.unit);
        break;
    }
  }
  for (const DiskConfig& disk : config.disks) {
    const auto kinds = find_config_key("disk", "backend")->choices;
    out +=
        fmt::format(", disk {}{}",
                    disk.host.kind == DiskKind::file
                        ? disk.host.path
                        : fmt::format("{} of {}", kinds[static_cast<std::size_t>(disk.host.kind)],
                                      format_size(disk.host.size)),
                    disk.host.read_only ? " (read-only)" : "");
  }
  for (const NetConfig& net : config.nets) {
    out += net.host.type == NetType::user ? ", user networking"
           : net.host.fd >= 0             ? fmt::format(", tap descriptor {}", net.host.fd)
                                          : fmt::format(", tap {}", net.host.tap);
  }
  for (const VirtioConsolePortConfig& port : config.virtio_console.ports) {
    out += ", virtio console port ";
    switch (port.target) {
      case SerialTarget::console:
        out += "on the console";
        break;
      case SerialTarget::file:
        out += fmt::format("to {}", port.path);
        break;
      case SerialTarget::null_sink:
        out += "to nowhere";
        break;
      case SerialTarget::socket:
        out += "to whoever attaches";
        break;
    }
  }
  if (config.rng) out += ", entropy source";
  return out;
}

}  // namespace skiff
