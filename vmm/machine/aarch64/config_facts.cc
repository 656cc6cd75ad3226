#include "vmm/machine/config_facts.h"

#include <array>

namespace skiff {
namespace {

// The ports are memory-mapped and found through the device tree.
constexpr std::array<SerialUnitFacts, 4> kSerialUnits = {};

}  // namespace

const ConfigFacts& config_facts() {
  static const ConfigFacts facts{
      .cpu_features = {}, .serial_units = kSerialUnits, .serial_irqs = {}};
  return facts;
}

}  // namespace skiff
