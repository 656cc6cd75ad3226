#include "vmm/machine/config_console.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <string>

#include "vmm/machine/config_reader.h"
#include "vmm/machine/config_virtio.h"

namespace skiff {
namespace {

constexpr std::size_t kMaxPorts = 31;  // as many as any guest's driver takes
constexpr std::size_t kMaxName = 64;   // [bytes]

using Port = VirtioConsolePortConfig;

void read_target(ConfigReader& reader, const ConfigPaths& paths, bool first, Port& port) {
  const auto target = reader.choice("target");
  const auto path = reader.path("path");
  if (target) {
    port.target = std::array{SerialTarget::console, SerialTarget::file, SerialTarget::null_sink,
                             SerialTarget::socket}
                      .at(*target);
  } else if (!reader.has("target") && reader.has("path")) {
    port.target = SerialTarget::file;
  } else if (!reader.has("target") && !first) {
    reader.error("target",
                 "virtio_console.target is missing: only the first port has a usual one; "
                 "\"console\", \"socket\", \"file\" or \"null\"");
    port.target = SerialTarget::null_sink;
  }
  const bool file = port.target == SerialTarget::file;
  if (file && !reader.has("path")) {
    reader.error("target", "virtio_console.target = \"file\" needs virtio_console.path");
  } else if (target && !file && reader.has("path")) {
    reader.error("path", "virtio_console.path is only for virtio_console.target = \"file\"");
  } else if (file && path) {
    port.path = paths.resolve(*path, reader.place("path").source);
    const std::string reason = paths.check_files ? unwritable_reason(port.path) : std::string();
    if (!reason.empty()) {
      reader.error("path", fmt::format("virtio_console.path {} {}", quoted(*path), reason));
    }
  }
}

// The device's own keys stand in its first section.
void refuse_device_keys(ConfigReader& reader) {
  for (const std::string_view key : {"face", "ring", "event_idx", "ioeventfd", "thread"}) {
    if (!reader.has(key)) continue;
    reader.error(key, fmt::format("virtio_console.{} belongs in the first [[virtio_console]]: all "
                                  "ports are of one device",
                                  key));
  }
}

Port read_one(ConfigReader& reader, const ConfigPaths& paths, bool first) {
  Port port;
  port.console = first;
  if (const auto name = reader.string("name")) {
    port.name = *name;
    if (name->size() > kMaxName) {
      reader.error("name", fmt::format("virtio_console.name has {} bytes; at most {} are possible",
                                       name->size(), kMaxName));
    }
  }
  read_target(reader, paths, first, port);
  if (const auto console = reader.boolean("console")) port.console = *console;
  return port;
}

}  // namespace

VirtioConsoleConfig read_virtio_console(const ConfigNode& root,
                                        const std::vector<IoThreadConfig>& threads,
                                        const ConfigPaths& paths, std::vector<SerialConfig>& serial,
                                        ConfigDiagnostics& diagnostics) {
  VirtioConsoleConfig out;
  const bool com1_described = [&root] {
    const ConfigEntry* entry = root.find("serial");
    return entry != nullptr && entry->value.kind == ConfigNode::Kind::array &&
           std::ranges::any_of(entry->value.items, [](const ConfigNode& item) {
             const ConfigEntry* unit = item.find("unit");
             return unit == nullptr || unit->value.integer == 1;
           });
  }();
  for (const ConfigNode* table : list_sections(root, "virtio_console", diagnostics)) {
    ConfigReader reader("virtio_console", table, diagnostics);
    const bool first = out.ports.empty();
    const VirtioConfig virtio = read_virtio(reader, "virtio_console", threads);
    if (first) {
      out.virtio = virtio;
    } else {
      refuse_device_keys(reader);
    }
    Port port = read_one(reader, paths, first);
    if (!port.name.empty() &&
        std::ranges::find(out.ports, port.name, &Port::name) != out.ports.end()) {
      reader.error("name", fmt::format("there are two virtio console ports {}", quoted(port.name)));
    }
    if (port.target == SerialTarget::console) {
      const auto shown = std::ranges::find(serial, SerialTarget::console, &SerialConfig::target);
      if (std::ranges::find(out.ports, SerialTarget::console, &Port::target) != out.ports.end()) {
        reader.error("target",
                     "two virtio console ports cannot both be the console; give one target = "
                     "\"socket\", \"file\" or \"null\"");
      } else if (shown != serial.end() && (shown->unit != 1 || com1_described)) {
        reader.error("target", fmt::format("serial port {} is the console already; give one of the "
                                           "two target = \"socket\", \"file\" or \"null\"",
                                           shown->unit));
      } else if (shown != serial.end()) {
        shown->target = SerialTarget::null_sink;
      }
    }
    if (out.ports.size() == kMaxPorts) {
      diagnostics.error(table->place,
                        fmt::format("a virtio console has at most {} ports", kMaxPorts));
    }
    out.ports.push_back(std::move(port));
  }
  return out;
}

}  // namespace skiff
