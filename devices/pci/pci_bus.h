// PCI bus 0: which function sits where, configuration accesses to it, interrupt pin routing, and
// the address assignment that firmware does on a real machine (Skiff has none).
//
// Thread rule: add, assign_bars and reset by one thread while no vCPU runs; config accesses from
// any thread. The bus outlives its functions.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "devices/pci/pci_address.h"
#include "devices/pci/pci_decoder.h"
#include "devices/pci/pci_function.h"
#include "devices/pci/pci_regs.h"
#include "devices/pci/pci_windows.h"
#include "devices/pci/shared_irq_pin.h"

namespace skiff {

// One interrupt that INTx pins are routed to: its number (GSI), and the controller's pin.
struct PciIntxRoute {
  std::uint32_t number = 0;
  IrqSink* sink = nullptr;
};

class PciBus {
 public:
  // `intx`: 1 to 8 interrupts, usually 4 or 8; all must outlive the bus.
  PciBus(IoBus& ports, IoBus& mmio, const PciWindows& windows, std::span<const PciIntxRoute> intx);
  ~PciBus();
  PciBus(const PciBus&) = delete;
  PciBus& operator=(const PciBus&) = delete;

  // Plugs the function in: at an address on bus 0, or at function 0 of the first free slot. Throws
  // ConfigError if the place is taken or the bus is full. Not owned; leaves when destroyed.
  void add(PciFunction& function, PciAddress address);
  void add(PciFunction& function);

  // Gives every BAR an address from the windows and switches decoding on, as firmware would. Throws
  // ConfigError where a window is too small. The same functions always get the same addresses.
  void assign_bars();
  // Resets all functions, then assigns again: what a machine reset and its firmware leave.
  void reset();

  // Configuration accesses, width 1 to 8. An absent function reads as ones and drops writes.
  std::uint64_t config_read(PciAddress address, std::uint64_t offset, unsigned width);
  void config_write(PciAddress address, std::uint64_t offset, unsigned width, std::uint64_t value);

  // The function there, or null.
  PciFunction* function(PciAddress address) const;
  // The interrupt that pin 0 (INTA#) to 3 (INTD#) of a slot is routed to. The ACPI tables' _PRT
  // must say the same: route = (slot + pin) mod number of routes.
  std::size_t intx_route(unsigned slot, unsigned pin) const { return (slot + pin) % pins_.size(); }
  std::uint32_t intx_number(unsigned slot, unsigned pin) const {
    return numbers_[intx_route(slot, pin)];
  }

  // BARs the guest sent where they cannot be.
  std::uint64_t faults() const { return decoder_.faults(); }

 private:
  friend class PciFunction;
  void remove(PciFunction& function);

  PciDecoder decoder_;
  std::vector<std::unique_ptr<SharedIrqPin>> pins_;
  std::vector<std::uint32_t> numbers_;
  std::array<PciFunction*, std::size_t{pci::kSlots} * pci::kFunctionsPerSlot> functions_{};
};

}  // namespace skiff
