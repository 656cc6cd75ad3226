// What a configuration is checked against that differs between architectures, as plain data, so
// that the reader itself knows none of them.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "vmm/machine/vm_config.h"

namespace skiff {

// Where a serial port lives when the configuration does not say.
struct SerialUnitFacts {
  std::uint16_t port;
  std::uint8_t irq;
};

struct ConfigFacts {
  // Names cpu.hide may hold; sorted or not.
  std::span<const std::string_view> cpu_features;
  // One per unit, unit 1 first.
  std::span<const SerialUnitFacts> serial_units;
  // Lines serial.irq may name; empty: ports and lines of serial ports are fixed, and the keys
  // serial.port and serial.irq are errors.
  std::span<const std::uint8_t> serial_irqs;
  // What serial.model may be; the first is meant where it is not there.
  std::span<const SerialModel> serial_models;
  // What machine.irqchip may be; the first is meant where it is not there.
  std::span<const IrqchipMode> irqchips;
};

// Of the architecture Skiff was built for. Defined once per architecture, in its folder.
const ConfigFacts& config_facts();

}  // namespace skiff
