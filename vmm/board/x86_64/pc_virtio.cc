#include "vmm/board/x86_64/pc_virtio.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "vmm/base/error.h"
#include "vmm/board/x86_64/memory_map.h"

namespace skiff {
namespace {

// ISA lines that a PC without its old devices has left; those of serial ports are taken out. In an
// order that leaves the lines of the parallel and floppy ports, which old kernels probe, to the
// end.
constexpr std::array<std::uint32_t, 8> kSpareIrqs = {10, 11, 5, 12, 14, 15, 7, 6};

constexpr std::uint32_t kIsaIrqs = 16;

std::vector<std::uint32_t> free_irqs(const VmConfig& config,
                                     std::span<const std::uint32_t> pci_lines) {
  std::vector<std::uint32_t> out;
  for (const std::uint32_t irq : kSpareIrqs) {
    if (std::ranges::none_of(config.serial,
                             [irq](const SerialConfig& serial) { return serial.irq == irq; }) &&
        std::ranges::find(pci_lines, irq) == pci_lines.end()) {
      out.push_back(irq);
    }
  }
  return out;
}

}  // namespace

PcVirtio::PcVirtio(const BoardContext& context, PcIrqchip& irqchip, PciBus& bus)
    : context_(context),
      irqchip_(irqchip),
      bus_(bus),
      doorbells_(context.vm),
      free_irqs_(free_irqs(context.config, irqchip.intx_gsis())) {
  std::vector<ConfiguredDevice> devices = create_configured_devices({
      .config = context.config,
      .clock = context.clock,
      .io_thread = context.io_thread,
      .console_port_sink = context.console_port_sink,
  });
  for (const ConfiguredDevice& device : devices)
    if (device.emulated) take_fixed_irqs(*device.emulated);
  mmio_devices_ = static_cast<std::size_t>(std::ranges::count_if(
      devices, [](const auto& device) { return device.virtio.face == VirtioFace::mmio; }));
  devices_ = std::make_unique<VirtioDevices>(std::move(devices), static_cast<DevicePlaces&>(*this));
}

PcVirtio::~PcVirtio() = default;

SharedIrqPin& PcVirtio::wire(std::uint32_t irq, IrqTrigger trigger) {
  auto& wire = wires_[irq];
  if (!wire) wire = std::make_unique<SharedIrqPin>(&irqchip_.pin(irq, trigger));
  return *wire;
}

void PcVirtio::take_fixed_irqs(const EmulatedDevice& device) {
  for (const std::uint32_t line : device.fixed_irqs()) {
    for (const SerialConfig& serial : context_.config.serial) {
      if (serial.irq != line) continue;
      throw ConfigError(
          fmt::format("{} needs interrupt {}, which is COM{}'s: set its irq in "
                      "[[serial]] to another",
                      device.name(), line, serial.unit));
    }
    std::erase(free_irqs_, line);
  }
}

IrqSink& PcVirtio::fixed_irq(std::uint32_t line) {
  if (line >= kIsaIrqs) throw ConfigError(fmt::format("there is no interrupt line {}", line));
  return wire(line, IrqTrigger::edge).add_input();
}

MmioPlace PcVirtio::next_mmio_place() {
  const std::size_t index = next_mmio_++;
  const Range registers{pc::kVirtioMmio.start + index * pc::kVirtioMmioStep, pc::kVirtioMmioStep};
  if (!pc::kVirtioMmio.contains(registers)) {
    throw ConfigError(
        fmt::format("there is room for {} virtio-mmio devices; give the others "
                    "face = \"virtio\"",
                    pc::kVirtioMmio.size / pc::kVirtioMmioStep));
  }
  if (free_irqs_.empty()) {
    throw ConfigError(
        "no interrupt line is left for a virtio-mmio device; give it face = \"virtio\", or serial "
        "ports the same irq");
  }
  const std::uint32_t irq = free_irqs_[index % free_irqs_.size()];
  // Shared with the device that comes, or came, one round of the list later or earlier.
  const std::size_t first = index % free_irqs_.size();
  return {.registers = registers,
          .interrupt = {.number = irq,
                        .trigger = IrqTrigger::level,
                        .polarity = IrqPolarity::active_high,
                        .shared = first + free_irqs_.size() < mmio_devices_},
          .wire = &wire(irq, IrqTrigger::level).add_input()};
}

}  // namespace skiff
