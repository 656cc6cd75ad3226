#include "vmm/board/aarch64/virt_virtio.h"

#include <fmt/format.h>

#include "vmm/base/error.h"
#include "vmm/board/aarch64/memory_map.h"
#include "vmm/kvm/aarch64/register_ids.h"

namespace skiff {

VirtVirtio::VirtVirtio(const BoardContext& context, PciBus& bus, MsiSink& msi)
    : context_(context), bus_(bus), doorbells_(context.vm), msi_(msi) {
  std::vector<ConfiguredDevice> devices = create_configured_devices({
      .config = context.config,
      .clock = context.clock,
      .io_thread = context.io_thread,
      .console_port_sink = context.console_port_sink,
  });
  for (const ConfiguredDevice& device : devices) {
    if (!device.emulated || device.emulated->fixed_irqs().empty()) continue;
    throw ConfigError(fmt::format("{}: face \"{}\" is of a PC; this board has no such device",
                                  device.emulated->name(), device.emulated->face()));
  }
  devices_ = std::make_unique<VirtioDevices>(std::move(devices), static_cast<DevicePlaces&>(*this));
}

VirtVirtio::~VirtVirtio() = default;

IrqSink& VirtVirtio::fixed_irq(std::uint32_t line) {
  throw ConfigError(fmt::format("this board has no fixed interrupt line {}", line));
}

MmioPlace VirtVirtio::next_mmio_place() {
  const auto index = static_cast<std::uint32_t>(pins_.size());
  const Range registers{virt::kVirtioMmio.start + index * virt::kDeviceStep, virt::kDeviceStep};
  if (!virt::kVirtioMmio.contains(registers)) {
    throw ConfigError(
        fmt::format("there is room for {} virtio-mmio devices; give the others "
                    "face = \"virtio\"",
                    virt::kVirtioMmio.size / virt::kDeviceStep));
  }
  const std::uint32_t spi = virt::kFirstVirtioSpi + index;
  pins_.push_back(std::make_unique<KvmIrqPin>(context_.vm, arm64::spi_line(spi)));
  return {.registers = registers,
          .interrupt = {.number = spi, .trigger = IrqTrigger::level},
          .wire = pins_.back().get()};
}

}  // namespace skiff
