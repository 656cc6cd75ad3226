#include "vmm/board/aarch64/virt_messages.h"

#include "devices/intc/gicv2m_regs.h"
#include "vmm/base/error.h"
#include "vmm/board/aarch64/memory_map.h"
#include "vmm/kvm/aarch64/register_ids.h"
#include "vmm/kvm/aarch64/vm_arch.h"

namespace skiff {

VirtMessages::VirtMessages(const BoardContext& context, GicVersion version) {
  if (version == GicVersion::v3) {
    routes_ = std::make_unique<KvmMsiRoutes>(context.vm, virt::kSpis,
                                             max_irq_routes(context.vm.system()));
    return;
  }
  spis_ = std::make_unique<KvmSpiMessages>(context.vm,
                                           virt::kGicMessageFrame.start + gicv2m::kMsiSetspiNs,
                                           virt::kFirstMessageSpi, virt::kMessageSpis);
  frame_ = std::make_unique<Gicv2mFrame>(
      "gicv2m", arm64::kFirstSpi + virt::kFirstMessageSpi, virt::kMessageSpis,
      [this](std::uint32_t intid) { spis_->pulse(intid - arm64::kFirstSpi); });
  if (const auto added = context.mmio.add(virt::kGicMessageFrame, *frame_); !added) {
    throw ConfigError(added.error());
  }
}

VirtMessages::~VirtMessages() = default;

MsiSink& VirtMessages::sink() {
  if (routes_) return *routes_;
  return *spis_;
}

Range VirtMessages::frame() const {
  return frame_ ? virt::kGicMessageFrame : Range{};
}

}  // namespace skiff
