#include "vmm/machine/config_facts.h"

#include <array>

#include "vmm/kvm/x86_64/cpu_features.h"

namespace skiff {
namespace {

// COM1 to COM4 of a PC.
constexpr std::array<SerialUnitFacts, 4> kSerialUnits = {
    {{0x3f8, 4}, {0x2f8, 3}, {0x3e8, 4}, {0x2e8, 3}}};

// ISA lines that nothing else on the board drives: not 0 (timer), 1 (keyboard), 2 (cascade), 8
// (clock), 9 (ACPI), 13 (coprocessor).
constexpr std::array<std::uint8_t, 10> kSerialIrqs = {3, 4, 5, 6, 7, 10, 11, 12, 14, 15};

constexpr std::array kBoardSerialModels = {SerialModel::uart_16550};
constexpr std::array kBoardIrqchips = {IrqchipMode::kernel, IrqchipMode::split, IrqchipMode::user};

}  // namespace

const ConfigFacts& config_facts() {
  static const ConfigFacts facts{.cpu_features = cpu_feature_names(),
                                 .serial_units = kSerialUnits,
                                 .serial_irqs = kSerialIrqs,
                                 .serial_models = kBoardSerialModels,
                                 .irqchips = kBoardIrqchips};
  return facts;
}

}  // namespace skiff
