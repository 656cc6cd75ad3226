#include "vmm/board/aarch64/virt_pci.h"

#include <algorithm>
#include <utility>

#include "vmm/base/error.h"
#include "vmm/board/aarch64/memory_map.h"
#include "vmm/kvm/aarch64/register_ids.h"

namespace skiff {
namespace {

// From the next GiB behind RAM to at most the end of guest-physical addresses.
Range mmio64_window(const GuestMemory& memory, unsigned ipa_bits) {
  const std::uint64_t start = align_up(memory.regions().back().range.last() + 1, GiB);
  const std::uint64_t end = 1ULL << std::clamp(ipa_bits, 32U, 52U);
  if (start >= end) return {};
  return {start, std::min(virt::kPciMmio64Size, end - start)};
}

}  // namespace

VirtPci::VirtPci(const BoardContext& context, unsigned ipa_bits)
    : windows_{.io = virt::kPciIo,
               .mmio32 = virt::kPciMmio32,
               .mmio64 = mmio64_window(context.memory, ipa_bits)},
      ports_(context.ports) {
  for (std::uint32_t index = 0; index < virt::kPciSpis; ++index) {
    const std::uint32_t spi = virt::kFirstPciSpi + index;
    pins_.push_back(std::make_unique<KvmIrqPin>(context.vm, arm64::spi_line(spi)));
    intx_.push_back({spi, pins_.back().get()});
  }
  bus_ = std::make_unique<PciBus>(context.ports, context.mmio, windows_, intx_);
  bus_->add(host_bridge_, PciAddress{});
  ecam_ = std::make_unique<PciEcam>(*bus_);
  for (const auto& [range, device] :
       {std::pair<Range, IoDevice*>{virt::kPciEcam, ecam_.get()}, {virt::kPciPorts, &ports_}}) {
    if (const auto added = context.mmio.add(range, *device); !added) {
      throw ConfigError(added.error());
    }
  }
}

VirtPci::~VirtPci() = default;

}  // namespace skiff
