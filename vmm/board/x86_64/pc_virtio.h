// What the PC board gives its virtio devices: PCI slots and message interrupts, or a page of
// registers at 0xe0100000 + n * 4 KiB with an ISA interrupt that nothing else uses.
//
// Made only for a configuration that has such devices: a machine without pays nothing.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "devices/pci/shared_irq_pin.h"
#include "vmm/board/board.h"
#include "vmm/board/virtio_devices.h"
#include "vmm/board/x86_64/pc_irqchip.h"
#include "vmm/kvm/kvm_doorbells.h"

namespace skiff {

// Thread rule: created and destroyed while no vCPU runs.
class PcVirtio final : private DevicePlaces {
 public:
  // `bus`: its BARs are assigned afterwards. Throws ConfigError or HostError.
  PcVirtio(const BoardContext& context, PcIrqchip& irqchip, PciBus& bus);
  ~PcVirtio() override;

  VirtioDevices& devices() { return *devices_; }

 private:
  // Where there are more devices than free interrupts, several share one as a wired OR.
  SharedIrqPin& wire(std::uint32_t irq, IrqTrigger trigger);
  void take_fixed_irqs(const EmulatedDevice& device);

  const GuestMemory& memory() override { return context_.memory; }
  DoorbellRegistry& doorbells() override { return doorbells_; }
  MsiSink& msi() override { return irqchip_.msi(); }
  PciBus& pci() override { return bus_; }
  IoBus& mmio() override { return context_.mmio; }
  IoBus& ports() override { return context_.ports; }
  IrqSink& fixed_irq(std::uint32_t line) override;
  MmioPlace next_mmio_place() override;
  void on_needs_reset(std::string_view device) noexcept override {
    context_.events.on_needs_reset(device);
  }

  const BoardContext& context_;
  PcIrqchip& irqchip_;
  PciBus& bus_;
  KvmDoorbells doorbells_;
  std::vector<std::uint32_t> free_irqs_;
  std::size_t mmio_devices_;  // that the configuration asks for
  std::size_t next_mmio_ = 0;
  std::map<std::uint32_t, std::unique_ptr<SharedIrqPin>> wires_;
  std::unique_ptr<VirtioDevices> devices_;  // last: it uses all the others
};

}  // namespace skiff
