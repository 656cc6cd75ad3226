// The PC board's small devices: clock, reset, power, debug ports. Each is described to ACPI where
// an operating system looks for it there.
#pragma once

#include <memory>
#include <vector>

#include "devices/acpi/acpi_pm.h"
#include "devices/acpi/reset_control.h"
#include "devices/misc/debug_exit.h"
#include "devices/misc/debug_register.h"
#include "devices/misc/debug_text_port.h"
#include "devices/misc/i8042.h"
#include "devices/misc/post_code.h"
#include "devices/misc/pvpanic.h"
#include "devices/rtc/cmos_rtc.h"
#include "vmm/board/board.h"
#include "vmm/board/x86_64/pc_irqchip.h"
#include "vmm/io/hw_description.h"

namespace skiff {

// Thread rule: created and destroyed while no vCPU runs; the button from any thread.
class PcPlatform {
 public:
  PcPlatform(const BoardContext& context, PcIrqchip& irqchip);
  ~PcPlatform();

  // False if the guest has not enabled the event.
  bool press_power_button();
  IoDevice& reset_control() { return reset_control_; }
  std::vector<HwDescription> descriptions() const;
  // With debug.coalesced.
  std::vector<Board::WriteOnly> write_only() const;

 private:
  CmosRtc rtc_;
  I8042 i8042_;
  AcpiPm pm_;
  ResetControl reset_control_;
  PostCode post_code_;
  Pvpanic pvpanic_;
  std::unique_ptr<DebugExit> debug_exit_;
  std::unique_ptr<DebugRegister> debug_register_;
  std::unique_ptr<DebugTextPort> debug_e9_;
  std::unique_ptr<DebugTextPort> debug_402_;
};

}  // namespace skiff
