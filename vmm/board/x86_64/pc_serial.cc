#include "vmm/board/x86_64/pc_serial.h"

#include <fmt/format.h>

#include <algorithm>

#include "vmm/base/error.h"

namespace skiff {
namespace {

constexpr std::uint64_t kRegisters = 8;

}  // namespace

struct PcSerial::Port {
  Port(const SerialConfig& serial, Range registers, std::uint32_t number, IrqSink* irq_sink,
       ByteSink& sink)
      : config(serial),
        range(registers),
        irq(number),
        uart(fmt::format("com{}", serial.unit), irq_sink, sink) {}
  const SerialConfig config;
  const Range range;
  const std::uint32_t irq;
  Uart16550 uart;
};

PcSerial::PcSerial(const BoardContext& context, PcIrqchip& irqchip) {
  for (const SerialConfig& serial : context.config.serial) {
    const Range range{serial.port, kRegisters};
    const std::uint32_t irq = serial.irq;
    auto& port = *ports_.emplace_back(std::make_unique<Port>(serial, range, irq, wire(irqchip, irq),
                                                             context.serial_sink(serial)));
    if (const auto added = context.ports.add(range, port.uart); !added) {
      throw ConfigError(fmt::format("serial port {}: {}", serial.unit, added.error()));
    }
  }
}

PcSerial::~PcSerial() = default;

IrqSink* PcSerial::wire(PcIrqchip& irqchip, std::uint32_t irq) {
  auto& wire = wires_[irq];
  if (!wire) wire = std::make_unique<SharedIrqPin>(&irqchip.pin(irq, IrqTrigger::edge));
  return &wire->add_input();
}

CharacterDevice& PcSerial::console_device() {
  const auto shown = std::ranges::find_if(
      ports_, [](const auto& port) { return port->config.target == SerialTarget::console; });
  return shown != ports_.end() ? (*shown)->uart : ports_.front()->uart;
}

std::vector<CharacterDevice*> PcSerial::character_devices() {
  std::vector<CharacterDevice*> result;
  for (const auto& port : ports_)
    result.push_back(&port->uart);
  return result;
}

std::vector<HwDescription> PcSerial::descriptions() const {
  std::vector<HwDescription> result;
  for (const auto& port : ports_) {
    result.push_back({
        .name = fmt::format("COM{}", port->config.unit),
        .acpi_hid = "PNP0501",
        .fdt_compatible = "ns16550a",
        .unit = port->config.unit,
        .ranges = {{IoSpace::port, port->range}},
        .interrupt = HwInterrupt{.number = port->irq, .shared = false},
    });
  }
  return result;
}

}  // namespace skiff
