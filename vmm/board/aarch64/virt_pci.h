// PCI on the arm64 board: bus 0 with its host bridge, reached by ECAM; INTx on SPIs 8 to 15,
// message interrupts by the ITS or the GICv2m frame. I/O ports
// are reached by a window in memory.
#pragma once

#include <memory>
#include <vector>

#include "devices/pci/pci_bus.h"
#include "devices/pci/pci_ecam.h"
#include "devices/pci/pci_host_bridge.h"
#include "devices/pci/pci_port_window.h"
#include "vmm/board/board.h"
#include "vmm/kvm/kvm_irq.h"

namespace skiff {

// Thread rule: created and destroyed while no vCPU runs.
class VirtPci {
 public:
  // `ipa_bits`: the width of guest-physical addresses, which bounds the 64-bit window.
  VirtPci(const BoardContext& context, unsigned ipa_bits);
  ~VirtPci();

  // Functions are plugged in first, then their BARs are assigned.
  PciBus& bus() { return *bus_; }
  const PciWindows& windows() const { return windows_; }
  const std::vector<PciIntxRoute>& intx() const { return intx_; }

 private:
  const PciWindows windows_;
  std::vector<std::unique_ptr<KvmIrqPin>> pins_;
  std::vector<PciIntxRoute> intx_;  // numbers are SPIs
  std::unique_ptr<PciBus> bus_;
  PciHostBridge host_bridge_;
  PciPortWindow ports_;
  std::unique_ptr<PciEcam> ecam_;
};

}  // namespace skiff
