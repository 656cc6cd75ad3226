#include "vmm/machine/config_facts.h"

#include <array>

namespace skiff {
namespace {

// The ports are memory-mapped and found through the device tree.
constexpr std::array<SerialUnitFacts, 4> kSerialUnits = {};

// What a vCPU may do without (vmm/kvm/aarch64/vcpu_state.h).
constexpr std::array<std::string_view, 3> kFeatures = {"pauth", "pmu", "sve"};

constexpr std::array kBoardSerialModels = {SerialModel::pl011, SerialModel::uart_16550};
constexpr std::array kBoardIrqchips = {IrqchipMode::newest, IrqchipMode::gicv3, IrqchipMode::gicv2};

}  // namespace

const ConfigFacts& config_facts() {
  static const ConfigFacts facts{.cpu_features = kFeatures,
                                 .serial_units = kSerialUnits,
                                 .serial_irqs = {},
                                 .serial_models = kBoardSerialModels,
                                 .irqchips = kBoardIrqchips};
  return facts;
}

}  // namespace skiff
