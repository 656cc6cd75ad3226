// The PC board's interrupt controllers, wherever they live (machine.irqchip), and the interval
// timer that goes with them. What the rest of the board wires to is the same: pins by their number
// (GSI), and message interrupts.
//
//            8259 pair   IOAPIC   local APIC   8254      pins              messages
//   kernel   KVM         KVM      KVM          KVM       0-15, 16-23       yes
//   split    Skiff       Skiff    KVM          Skiff     0-15, 16-23       yes
//   user     Skiff       -        -            Skiff     0-15              none
//
// Thread rule: created, asked for pins and destroyed while no vCPU runs.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "vmm/board/board.h"
#include "vmm/io/hw_description.h"
#include "vmm/io/irq_line.h"
#include "vmm/io/msi.h"
#include "vmm/io/processor_interrupts.h"

namespace skiff {

class PcIrqchip {
 public:
  virtual ~PcIrqchip() = default;

  // The pin with this number; several may be given the same one, if they agree on the trigger.
  // Throws ConfigError where there is none.
  virtual IrqSink& pin(std::uint32_t gsi, IrqTrigger trigger) = 0;
  virtual MsiSink& msi() = 0;
  // Local APICs and an IOAPIC, for the processors' CPUID and for the firmware tables.
  virtual bool has_apic() const { return true; }
  // Where PCI's INTx pins go.
  virtual std::span<const std::uint32_t> intx_gsis() const = 0;
  // Of the vCPU with this index.
  virtual ProcessorInterrupts processor(std::uint32_t /*index*/) { return {}; }
  // What waits, for a report: lines; empty where only the kernel knows.
  virtual std::string describe() const { return {}; }
};

// Creates them in the VM: before its vCPUs, after its memory. Registers of those that live in Skiff
// go onto the buses. `last_apic_id`: the highest of all vCPUs. Throws HostError.
std::unique_ptr<PcIrqchip> create_pc_irqchip(const BoardContext& context,
                                             std::uint32_t last_apic_id);

// The two that have chips in Skiff (pc_irqchip_skiff.cc).
std::unique_ptr<PcIrqchip> create_split_pc_irqchip(const BoardContext& context);
std::unique_ptr<PcIrqchip> create_user_pc_irqchip(const BoardContext& context);

}  // namespace skiff
