#include "vmm/board/x86_64/pc_irqchip.h"

#include <fmt/format.h>

#include <array>
#include <optional>

#include "vmm/base/error.h"
#include "vmm/board/x86_64/memory_map.h"
#include "vmm/kvm/kvm_irq.h"
#include "vmm/kvm/x86_64/vm_arch.h"

namespace skiff {
namespace {

// KVM's 8-bit destination format reaches APIC ids up to 254.
constexpr std::uint32_t kLastXapicId = 254;

class KernelIrqchip final : public PcIrqchip {
 public:
  explicit KernelIrqchip(const BoardContext& context) : vm_(context.vm) {
    create_irqchip(context.vm);
    if (context.config.machine.pit) create_pit(context.vm);
  }

  IrqSink& pin(std::uint32_t gsi, IrqTrigger /*trigger*/) override {
    if (gsi >= pins_.size()) throw ConfigError(fmt::format("there is no interrupt line {}", gsi));
    auto& pin = pins_[gsi];
    if (!pin) pin = std::make_unique<KvmIrqPin>(vm_, gsi);
    return *pin;
  }
  // Only when a device asks: one without devices does not even look for the number of routes.
  MsiSink& msi() override {
    if (!msi_) msi_.emplace(vm_, kIoapicPins, max_irq_routes(vm_.system()));
    return *msi_;
  }
  std::span<const std::uint32_t> intx_gsis() const override { return pc::kPciGsis; }

 private:
  const KvmVm& vm_;
  std::optional<KvmMsiRoutes> msi_;
  std::array<std::unique_ptr<KvmIrqPin>, kIoapicPins> pins_;
};

}  // namespace

std::unique_ptr<PcIrqchip> create_pc_irqchip(const BoardContext& context,
                                             std::uint32_t last_apic_id) {
  if (last_apic_id > kLastXapicId && !enable_x2apic_ids(context.vm)) {
    throw HostError(
        fmt::format("this host's KVM cannot address APIC id {} (KVM_CAP_X2APIC_API is missing): "
                    "use fewer vCPUs",
                    last_apic_id));
  }
  switch (context.config.machine.irqchip) {
    case IrqchipMode::split:
      return create_split_pc_irqchip(context);
    case IrqchipMode::user:
      return create_user_pc_irqchip(context);
    case IrqchipMode::kernel:
    default:  // the others are no PC's: ConfigFacts::irqchips
      break;
  }
  return std::make_unique<KernelIrqchip>(context);
}

}  // namespace skiff
