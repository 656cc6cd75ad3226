// PCI on the PC board: bus 0 with its host bridge, reached by ports 0xCF8/0xCFC and by ECAM, INTx
// on the lines that the interrupt controllers have for it.
#pragma once

#include <memory>
#include <vector>

#include "devices/pci/pci_bus.h"
#include "devices/pci/pci_config_ports.h"
#include "devices/pci/pci_ecam.h"
#include "devices/pci/pci_host_bridge.h"
#include "vmm/board/board.h"
#include "vmm/board/x86_64/pc_irqchip.h"

namespace skiff {

// Thread rule: created and destroyed while no vCPU runs.
class PcPci {
 public:
  // `reset_control` is the byte at port 0xCF9, which lies among PCI's ports. `physical_bits`: the
  // guest processor's physical address width, which bounds the 64-bit window.
  PcPci(const BoardContext& context, PcIrqchip& irqchip, IoDevice& reset_control,
        unsigned physical_bits);
  ~PcPci();

  // Functions are plugged in first, then their BARs are assigned.
  PciBus& bus() { return *bus_; }
  const PciWindows& windows() const { return windows_; }
  const std::vector<PciIntxRoute>& intx() const { return intx_; }

 private:
  const PciWindows windows_;
  std::vector<PciIntxRoute> intx_;
  std::unique_ptr<PciBus> bus_;
  PciHostBridge host_bridge_;
  std::unique_ptr<PciConfigPorts> config_ports_;
  std::unique_ptr<PciEcam> ecam_;
};

}  // namespace skiff
