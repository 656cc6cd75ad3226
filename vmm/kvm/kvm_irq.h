// The in-kernel interrupt controller's pins and messages.
//
//   IrqLine -> KvmIrqPin -> KVM_IRQ_LINE (level known to the kernel)
//   MsiVector -> GSI of its own with an MSI route (KVM_SET_GSI_ROUTING) <- eventfd (KVM_IRQFD)
//
// The routing table is set only when the first message vector is given a message: setting it costs
// milliseconds of grace period on some hosts, and a VM without PCI devices never needs it.
// Source: Linux Documentation/virt/kvm/api.rst 4.25, 4.52, 4.75.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "vmm/base/mutex.h"
#include "vmm/io/irq_line.h"
#include "vmm/io/msi.h"
#include "vmm/kvm/kvm_vm.h"

struct kvm_irq_routing_entry;

namespace skiff {

// One GSI of the in-kernel chip. Thread rule: any thread.
class KvmIrqPin final : public IrqSink {
 public:
  KvmIrqPin(const KvmVm& vm, std::uint32_t gsi) : vm_fd_(vm.fd()), gsi_(gsi) {}

  void set_level(bool asserted) noexcept override;
  // The in-kernel chip reports an EOI only through a resampling irqfd; pins of this kind have none.
  void set_eoi_handler(std::function<void()> handler) override;

 private:
  const int vm_fd_;
  const std::uint32_t gsi_;
};

// Message routes of one VM. Thread rule: any thread. Outlives its vectors.
class KvmMsiRoutes final : public MsiSink {
 public:
  // Who has the GSIs below `first_gsi`: a chip in the kernel, or an IOAPIC in Skiff (split).
  enum class Pins { kernel, skiff };

  // `max_routes` is KVM_CAP_IRQ_ROUTING's answer.
  KvmMsiRoutes(const KvmVm& vm, std::uint32_t first_gsi, std::uint32_t max_routes,
               Pins pins = Pins::kernel);
  ~KvmMsiRoutes() override;

  std::unique_ptr<MsiVector> create_vector() override;
  void send(const MsiMessage& message) noexcept override;
  // Pins::skiff: the message of an IOAPIC's level-triggered pin, so that KVM leaves the guest with
  // an IoapicEoi when it ends that interrupt (KVM_CAP_SPLIT_IRQCHIP). `pin` is below first_gsi.
  std::expected<void, std::string> set_pin_message(std::uint32_t pin, const MsiMessage& message);

 private:
  class Vector;

  std::expected<std::uint32_t, std::string> allocate(const MsiMessage& message);
  std::expected<void, std::string> change(std::uint32_t gsi, const MsiMessage& message);
  void release(std::uint32_t gsi);
  std::expected<void, std::string> commit() SKIFF_REQUIRES(mutex_);

  const KvmVm& vm_;
  const std::uint32_t first_gsi_;
  const std::uint32_t max_routes_;
  const Pins pins_;
  Mutex mutex_;
  std::map<std::uint32_t, MsiMessage> routes_ SKIFF_GUARDED_BY(mutex_);
};

// The chip's own pins as the kernel wires them when the chip is created: the part of every routing
// table that must be given again with each KVM_SET_GSI_ROUTING. One per architecture.
std::vector<kvm_irq_routing_entry> default_irq_routes();

}  // namespace skiff
