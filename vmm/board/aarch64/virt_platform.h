// What every arm64 board has: serial ports (PL011 or 16550A), PL031 clock, PL061 with the power
// button.
#pragma once

#include <memory>
#include <vector>

#include "devices/gpio/pl061.h"
#include "devices/rtc/pl031.h"
#include "vmm/board/board.h"
#include "vmm/io/hw_description.h"
#include "vmm/kvm/kvm_irq.h"

namespace skiff {

// Thread rule: created and destroyed while no vCPU runs; the button from any thread.
class VirtPlatform {
 public:
  // Throws ConfigError or HostError.
  explicit VirtPlatform(const BoardContext& context);
  ~VirtPlatform();

  // Pressed, and released a tenth of a second later. False if the guest has not enabled the line's
  // interrupt.
  bool press_power_button();
  // The first port whose target is the console; the first port if none has.
  CharacterDevice& console_device();
  // In the configuration's order.
  std::vector<CharacterDevice*> character_devices();
  std::vector<HwDescription> descriptions() const;

 private:
  struct Port;

  const Clock& clock_;
  std::vector<std::unique_ptr<Port>> ports_;
  KvmIrqPin rtc_pin_;
  KvmIrqPin gpio_pin_;
  Pl031 rtc_;
  Pl061 gpio_;
  std::unique_ptr<Timer> release_;  // lets go of the button; before gpio_ it must end
};

}  // namespace skiff
