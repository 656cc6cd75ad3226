#include "vmm/board/x86_64/pc_pci.h"

#include <algorithm>

#include "vmm/base/error.h"
#include "vmm/board/x86_64/memory_map.h"

namespace skiff {
namespace {

// From the end of RAM, at least 4 GiB, to at most the end of physical addresses.
Range mmio64_window(const GuestMemory& memory, unsigned physical_bits) {
  const std::uint64_t ram_end =
      std::max(memory.regions().back().range.last() + 1, pc::kHighRamStart);
  const std::uint64_t start = align_up(ram_end, GiB);
  const std::uint64_t end = 1ULL << std::clamp(physical_bits, 32U, 52U);
  if (start >= end) return {};
  return {start, std::min(pc::kPciMmio64Size, end - start)};
}

void add(IoBus& bus, Range range, IoDevice& device) {
  if (const auto added = bus.add(range, device); !added) throw ConfigError(added.error());
}

}  // namespace

PcPci::PcPci(const BoardContext& context, PcIrqchip& irqchip, IoDevice& reset_control,
             unsigned physical_bits)
    : windows_{.io = pc::kPciIo,
               .mmio32 = pc::kPciMmio32,
               .mmio64 = mmio64_window(context.memory, physical_bits)} {
  for (const std::uint32_t gsi : irqchip.intx_gsis())
    intx_.push_back({gsi, &irqchip.pin(gsi, IrqTrigger::level)});
  bus_ = std::make_unique<PciBus>(context.ports, context.mmio, windows_, intx_);
  bus_->add(host_bridge_, PciAddress{});
  config_ports_ = std::make_unique<PciConfigPorts>(*bus_, &reset_control);
  ecam_ = std::make_unique<PciEcam>(*bus_);
  add(context.ports, PciConfigPorts::kPorts, *config_ports_);
  add(context.mmio, pc::kPciEcam, *ecam_);
}

PcPci::~PcPci() = default;

}  // namespace skiff
