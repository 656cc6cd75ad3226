// The 16550s of the PC board: COM1 always, COM2 to COM4 by configuration.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "devices/pci/shared_irq_pin.h"
#include "devices/serial/uart_16550.h"
#include "vmm/board/board.h"
#include "vmm/board/x86_64/pc_irqchip.h"
#include "vmm/io/hw_description.h"

namespace skiff {

// Thread rule: created and destroyed while no vCPU runs.
class PcSerial {
 public:
  // Throws ConfigError if two ports overlap.
  PcSerial(const BoardContext& context, PcIrqchip& irqchip);
  ~PcSerial();

  // The first port whose target is the console; COM1 if none has.
  CharacterDevice& console_device();
  // In the configuration's order.
  std::vector<CharacterDevice*> character_devices();
  std::vector<HwDescription> descriptions() const;

 private:
  // Ports with the same interrupt (COM1 and COM3 by tradition) are one wired OR.
  struct Port;

  IrqSink* wire(PcIrqchip& irqchip, std::uint32_t irq);

  std::map<std::uint32_t, std::unique_ptr<SharedIrqPin>> wires_;
  std::vector<std::unique_ptr<Port>> ports_;
};

}  // namespace skiff
