#include "vmm/machine/console_names.h"

#include <fmt/format.h>

#include <algorithm>

namespace skiff {
namespace {

bool is_plain(const std::string& name) {
  return !name.empty() && name.front() != '.' && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_';
  });
}

}  // namespace

std::vector<std::string> console_names(const VmConfig& config) {
  std::vector<std::string> names;
  for (const SerialConfig& serial : config.serial)
    names.push_back(fmt::format("com{}", serial.unit));
  std::size_t place = 0;
  std::size_t consoles = 0;
  for (const VirtioConsolePortConfig& port : config.virtio_console.ports) {
    std::string name = port.console ? fmt::format("hvc{}", consoles) : fmt::format("port{}", place);
    if (is_plain(port.name)) name = port.name;
    while (std::ranges::find(names, name) != names.end())
      name += "_";
    names.push_back(std::move(name));
    ++place;
    if (port.console) ++consoles;
  }
  return names;
}

}  // namespace skiff
