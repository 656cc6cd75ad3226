// A platform device as firmware would describe it. Both the device tree and the ACPI namespace are
// written from these records, so that the two can never disagree.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "vmm/base/range.h"

namespace skiff {

enum class IoSpace : std::uint8_t { port, mmio };
enum class IrqTrigger : std::uint8_t { edge, level };
enum class IrqPolarity : std::uint8_t { active_high, active_low };

struct HwRange {
  IoSpace space = IoSpace::port;
  Range range;
};

struct HwInterrupt {
  std::uint32_t number = 0;  // the board's interrupt number: a GSI, an SPI
  IrqTrigger trigger = IrqTrigger::edge;
  IrqPolarity polarity = IrqPolarity::active_high;
  bool shared = false;
};

struct HwDescription {
  std::string name;      // four characters are its ACPI name, e.g. "COM1"
  std::string acpi_hid;  // e.g. "PNP0501"; empty: not in the ACPI namespace
  // E.g. "ns16550a", or several, the most special first, with a space between; empty: not in the
  // device tree.
  std::string fdt_compatible;
  std::uint32_t unit = 0;  // _UID, and the alias number in the device tree
  std::vector<HwRange> ranges;
  std::optional<HwInterrupt> interrupt;
};

}  // namespace skiff
