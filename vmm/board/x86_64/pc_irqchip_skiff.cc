// Interrupt controllers that live in Skiff: all but the local APICs (split), or all there are
// (user).
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "devices/intc/ioapic.h"
#include "vmm/base/error.h"
#include "vmm/base/log.h"
#include "vmm/board/x86_64/memory_map.h"
#include "vmm/board/x86_64/pc_irqchip.h"
#include "vmm/board/x86_64/skiff_pic.h"
#include "vmm/kvm/kvm_irq.h"
#include "vmm/kvm/x86_64/vm_arch.h"

namespace skiff {
namespace {

[[noreturn]] void throw_no_line(std::uint32_t gsi) {
  throw ConfigError(fmt::format("there is no interrupt line {}", gsi));
}

// An ISA line leads to both chips; the guest masks it in the one that it does not use.
class BothChips final : public IrqSink {
 public:
  void connect(IrqSink& pic, IrqSink& ioapic) {
    pic_ = &pic;
    ioapic_ = &ioapic;
  }
  void set_level(bool asserted) noexcept override {
    pic_->set_level(asserted);
    ioapic_->set_level(asserted);
  }
  void set_eoi_handler(std::function<void()> /*handler*/) override {}

 private:
  IrqSink* pic_ = nullptr;
  IrqSink* ioapic_ = nullptr;
};

// Messages go out by KVM_SIGNAL_MSI. A route is only needed for the EOI of a level-triggered one,
// and setting it is slow on some hosts: an edge gets none, a message that is the same as before no
// new one.
class SplitIrqchip final : public PcIrqchip, private IoapicOutput {
 public:
  explicit SplitIrqchip(const BoardContext& context)
      : msi_(context.vm, kIoapicPins, max_irq_routes(context.vm.system()),
             KvmMsiRoutes::Pins::skiff),
        ioapic_("ioapic", *this) {
    create_split_irqchip(context.vm, kIoapicPins);
    for (unsigned irq = 0; irq < isa_.size(); ++irq)
      isa_[irq].connect(pic_.pair().pin(irq), ioapic_.pin(irq));
    pic_.add_to(context, isa_[0]);
    if (const auto added = context.mmio.add({pc::kIoapic, kPageSize}, ioapic_); !added)
      throw ConfigError(added.error());
  }

  IrqSink& pin(std::uint32_t gsi, IrqTrigger trigger) override {
    if (gsi >= Ioapic::kPins) throw_no_line(gsi);
    if (gsi >= isa_.size()) return ioapic_.pin(gsi);
    if (trigger == IrqTrigger::level) pic_.wire_as_level(gsi);
    return isa_[gsi];
  }
  MsiSink& msi() override { return msi_; }
  std::span<const std::uint32_t> intx_gsis() const override { return pc::kPciGsis; }
  // INTR is wired to the boot processor's LINT0 alone, as KVM's own pair is.
  ProcessorInterrupts processor(std::uint32_t index) override {
    return {.external = index == 0 ? &pic_.intr() : nullptr, .end_of_interrupt = &ioapic_};
  }
  std::string describe() const override {
    return fmt::format("IOAPIC: {}\nPIC: {}\n", ioapic_.describe(), pic_.pair().describe());
  }

 private:
  void send(const MsiMessage& message) noexcept override { msi_.send(message); }
  void expect_eoi(unsigned pin, const MsiMessage& message) noexcept override {
    const auto set = msi_.set_pin_message(pin, message);
    if (!set)
      faults_.report("pin {}: the guest's interrupt will not be repeated: {}", pin, set.error());
  }

  KvmMsiRoutes msi_;
  GuestFaultLog faults_{"ioapic"};
  Ioapic ioapic_;
  SkiffPic pic_;
  std::array<BothChips, PicPair::kPins> isa_;
};

// Messages of functions that offer none.
class NoMessages final : public MsiSink {
 public:
  bool is_available() const override { return false; }
  std::unique_ptr<MsiVector> create_vector() override { return std::make_unique<Vector>(); }
  void send(const MsiMessage& /*message*/) noexcept override {}

 private:
  class Vector final : public MsiVector {
   public:
    std::expected<void, std::string> set_message(const MsiMessage& /*message*/) override {
      return std::unexpected("there is no local APIC to take a message");
    }
    void trigger() noexcept override {}
    int trigger_fd() const noexcept override { return -1; }
  };
};

// PCI's INTx shares two lines, the last that a serial port would be given.
std::vector<std::uint32_t> intx_lines(const VmConfig& config) {
  constexpr std::array<std::uint32_t, 6> kCandidates = {11, 10, 5, 12, 7, 6};
  constexpr std::size_t kCount = 2;
  std::vector<std::uint32_t> lines;
  for (const std::uint32_t line : kCandidates) {
    const bool is_taken = std::ranges::any_of(
        config.serial, [line](const SerialConfig& serial) { return serial.irq == line; });
    if (!is_taken && lines.size() < kCount) lines.push_back(line);
  }
  return lines;
}

class UserIrqchip final : public PcIrqchip {
 public:
  explicit UserIrqchip(const BoardContext& context) : intx_(intx_lines(context.config)) {
    pic_.add_to(context, pic_.pair().pin(0));
  }

  IrqSink& pin(std::uint32_t gsi, IrqTrigger trigger) override {
    if (gsi >= PicPair::kPins) throw_no_line(gsi);
    if (trigger == IrqTrigger::level) pic_.wire_as_level(gsi);
    return pic_.pair().pin(gsi);
  }
  MsiSink& msi() override { return msi_; }
  bool has_apic() const override { return false; }
  std::span<const std::uint32_t> intx_gsis() const override { return intx_; }
  ProcessorInterrupts processor(std::uint32_t index) override {
    return {.external = index == 0 ? &pic_.intr() : nullptr};
  }
  std::string describe() const override { return fmt::format("PIC: {}\n", pic_.pair().describe()); }

 private:
  const std::vector<std::uint32_t> intx_;
  NoMessages msi_;
  SkiffPic pic_;
};

}  // namespace

std::unique_ptr<PcIrqchip> create_split_pc_irqchip(const BoardContext& context) {
  return std::make_unique<SplitIrqchip>(context);
}

std::unique_ptr<PcIrqchip> create_user_pc_irqchip(const BoardContext& context) {
  return std::make_unique<UserIrqchip>(context);
}

}  // namespace skiff
