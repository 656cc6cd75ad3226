#include "vmm/machine/config_serial.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <string>

#include "vmm/machine/config_reader.h"

namespace skiff {
namespace {

constexpr unsigned kRegisters = 8;  // a 16550A's I/O ports

struct PlacedSerial {
  SerialConfig config;
  ConfigPlace unit_place;
  ConfigPlace port_place;
  ConfigPlace target_place;
  bool port_known = true;
};

void read_address(ConfigReader& reader, const ConfigFacts& facts, PlacedSerial& serial) {
  const auto port = reader.integer("port");
  const auto irq = reader.integer("irq");
  if (facts.serial_irqs.empty()) {
    for (const std::string_view key : {"port", "irq"}) {
      if (reader.has(key)) {
        reader.error(key, fmt::format("serial.{} cannot be chosen on this architecture", key));
      }
    }
    return;
  }
  const SerialUnitFacts& usual = facts.serial_units[serial.config.unit - 1];
  serial.config.port = usual.port;
  serial.config.irq = usual.irq;
  serial.port_known = port.has_value() || !reader.has("port");
  if (port && (*port % kRegisters != 0 || *port == 0)) {
    reader.error("port", fmt::format("serial.port is {:#x}; it must be a multiple of 8 from 0x8 to "
                                     "0xfff8",
                                     *port));
    serial.port_known = false;
  } else if (port) {
    serial.config.port = static_cast<std::uint16_t>(*port);
  }
  if (irq && std::find(facts.serial_irqs.begin(), facts.serial_irqs.end(), *irq) ==
                 facts.serial_irqs.end()) {
    reader.error("irq", fmt::format("serial.irq is {}; it must be one of {}", *irq,
                                    fmt::join(facts.serial_irqs, ", ")));
  } else if (irq) {
    serial.config.irq = static_cast<std::uint8_t>(*irq);
  }
}

// Where the bytes go. `unit_sound`: the unit was understood, so that its default applies.
void read_target(ConfigReader& reader, const ConfigPaths& paths, bool unit_sound,
                 PlacedSerial& serial) {
  const auto target = reader.choice("target");
  const auto path = reader.path("path");
  if (target) {
    serial.config.target = std::array{SerialTarget::console, SerialTarget::file,
                                      SerialTarget::null_sink, SerialTarget::socket}
                               .at(*target);
  } else if (!reader.has("target") && path) {
    serial.config.target = SerialTarget::file;
  } else if (!reader.has("target") && unit_sound && serial.config.unit != 1) {
    reader.error("target", fmt::format("serial.target is missing: unit {} has no usual one; "
                                       "\"console\", \"socket\", \"file\" or \"null\"",
                                       serial.config.unit));
    serial.config.target = SerialTarget::null_sink;
  }
  const bool file = serial.config.target == SerialTarget::file;
  if (file && !reader.has("path")) {
    reader.error("target", "serial.target = \"file\" needs serial.path");
  } else if (target && !file && reader.has("path")) {
    reader.error("path", "serial.path is only for serial.target = \"file\"");
  } else if (file && path) {
    serial.config.path = paths.resolve(*path, reader.place("path").source);
    if (!paths.check_files) return;
    const std::string reason = unwritable_reason(serial.config.path);
    if (!reason.empty()) {
      reader.error("path", fmt::format("serial.path {} {}", quoted(*path), reason));
    }
  }
}

// The key's choices are in the order of SerialModel.
SerialModel read_model(ConfigReader& reader, const ConfigFacts& facts) {
  std::vector<std::size_t> allowed;
  for (const SerialModel model : facts.serial_models)
    allowed.push_back(static_cast<std::size_t>(model));
  const auto model = reader.choice("model", allowed);
  return model ? static_cast<SerialModel>(*model) : facts.serial_models.front();
}

PlacedSerial read_one(const ConfigNode& table, const ConfigFacts& facts, const ConfigPaths& paths,
                      ConfigDiagnostics& diagnostics) {
  ConfigReader reader("serial", &table, diagnostics);
  PlacedSerial serial;
  const auto unit = reader.integer("unit");
  const bool unit_sound = unit || !reader.has("unit");
  if (unit) serial.config.unit = static_cast<std::uint32_t>(*unit);
  serial.config.model = read_model(reader, facts);
  read_address(reader, facts, serial);
  read_target(reader, paths, unit_sound, serial);
  serial.unit_place = reader.place("unit");
  serial.port_place = reader.place("port");
  serial.target_place = reader.place("target");
  // A port whose unit nobody understood collides with none.
  if (!unit_sound) {
    serial.config.unit = 0;
    serial.port_known = serial.port_known && reader.has("port");
  }
  return serial;
}

void report_collisions(const std::vector<PlacedSerial>& ports, ConfigDiagnostics& diagnostics) {
  for (std::size_t i = 0; i < ports.size(); ++i) {
    const PlacedSerial& later = ports[i];
    for (std::size_t j = 0; j < i; ++j) {
      const PlacedSerial& earlier = ports[j];
      if (later.config.unit != 0 && later.config.unit == earlier.config.unit) {
        diagnostics.error(later.unit_place, fmt::format("serial port {} (COM{}) is described twice",
                                                        later.config.unit, later.config.unit));
        break;
      }
      if (later.port_known && earlier.port_known && later.config.port != 0 &&
          later.config.port == earlier.config.port) {
        diagnostics.error(later.port_place,
                          fmt::format("serial ports {} and {} are both at port {:#x}",
                                      earlier.config.unit, later.config.unit, later.config.port));
        break;
      }
      if (later.config.target == SerialTarget::console &&
          earlier.config.target == SerialTarget::console) {
        diagnostics.error(later.target_place,
                          fmt::format("serial ports {} and {} cannot both be the console; give one "
                                      "target = \"socket\", \"file\" or \"null\"",
                                      earlier.config.unit, later.config.unit));
        break;
      }
    }
  }
}

}  // namespace

std::vector<SerialConfig> read_serial_ports(const ConfigNode& root, const ConfigFacts& facts,
                                            const ConfigPaths& paths,
                                            ConfigDiagnostics& diagnostics) {
  std::vector<PlacedSerial> ports;
  for (const ConfigNode* table : list_sections(root, "serial", diagnostics))
    ports.push_back(read_one(*table, facts, paths, diagnostics));
  const bool has_first = std::any_of(ports.begin(), ports.end(), [](const PlacedSerial& serial) {
    return serial.config.unit <= 1;
  });
  if (!has_first) {
    // COM1 is always there; it is the console unless another port was made that.
    PlacedSerial first;
    first.config.model = facts.serial_models.front();
    if (!facts.serial_irqs.empty()) {
      first.config.port = facts.serial_units[0].port;
      first.config.irq = facts.serial_units[0].irq;
    }
    if (std::any_of(ports.begin(), ports.end(), [](const PlacedSerial& serial) {
          return serial.config.target == SerialTarget::console;
        })) {
      first.config.target = SerialTarget::null_sink;
    }
    ports.insert(ports.begin(), first);
  }
  report_collisions(ports, diagnostics);
  std::vector<SerialConfig> out;
  for (PlacedSerial& serial : ports)
    out.push_back(std::move(serial.config));
  std::sort(out.begin(), out.end(),
            [](const SerialConfig& a, const SerialConfig& b) { return a.unit < b.unit; });
  return out;
}

}  // namespace skiff
