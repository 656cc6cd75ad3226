#include "vmm/machine/config_descriptors.h"

#include <charconv>

namespace skiff {

void add_descriptor_of(std::string_view path, std::vector<int>& descriptors) {
  for (const std::string_view folder : {"/dev/fd/", "/proc/self/fd/"}) {
    if (!path.starts_with(folder)) continue;
    const std::string_view number = path.substr(folder.size());
    int fd = -1;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), fd);
    if (error == std::errc() && end == number.data() + number.size() && fd >= 0) {
      descriptors.push_back(fd);
    }
  }
}

std::vector<int> descriptors_of(const VmConfig& config) {
  std::vector<int> found;
  for (const std::string& path : {config.boot.kernel, config.boot.initrd, config.boot.symbols})
    add_descriptor_of(path, found);
  for (const SerialConfig& serial : config.serial)
    add_descriptor_of(serial.path, found);
  for (const DiskConfig& disk : config.disks)
    add_descriptor_of(disk.host.path, found);
  for (const VirtioConsolePortConfig& port : config.virtio_console.ports)
    add_descriptor_of(port.path, found);
  if (config.rng) add_descriptor_of(config.rng->source, found);
  for (const NetConfig& net : config.nets) {
    if (net.host.fd >= 0) found.push_back(net.host.fd);
  }
  return found;
}

}  // namespace skiff
