// What the arm64 board gives its configured devices: PCI slots and message interrupts, or a page of
// registers at 0x0a000000 + n * 4 KiB with SPI 32 + n.
//
// Made only for a configuration that has such devices: a machine without pays nothing.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "vmm/board/board.h"
#include "vmm/board/virtio_devices.h"
#include "vmm/kvm/kvm_doorbells.h"
#include "vmm/kvm/kvm_irq.h"

namespace skiff {

// Thread rule: created and destroyed while no vCPU runs.
class VirtVirtio final : private DevicePlaces {
 public:
  // `bus`: its BARs are assigned afterwards. Throws ConfigError or HostError.
  VirtVirtio(const BoardContext& context, PciBus& bus, MsiSink& msi);
  ~VirtVirtio() override;

  VirtioDevices& devices() { return *devices_; }

 private:
  const GuestMemory& memory() override { return context_.memory; }
  DoorbellRegistry& doorbells() override { return doorbells_; }
  MsiSink& msi() override { return msi_; }
  PciBus& pci() override { return bus_; }
  IoBus& mmio() override { return context_.mmio; }
  IoBus& ports() override { return context_.ports; }
  IrqSink& fixed_irq(std::uint32_t line) override;
  MmioPlace next_mmio_place() override;
  void on_needs_reset(std::string_view device) noexcept override {
    context_.events.on_needs_reset(device);
  }

  const BoardContext& context_;
  PciBus& bus_;
  KvmDoorbells doorbells_;
  MsiSink& msi_;
  std::vector<std::unique_ptr<KvmIrqPin>> pins_;  // of the virtio-mmio devices
  std::unique_ptr<VirtioDevices> devices_;        // last: it uses all the others
};

}  // namespace skiff
