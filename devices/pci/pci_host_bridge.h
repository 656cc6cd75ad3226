// 00:00.0, the bridge between the CPU and bus 0. It has no registers of its own; guests expect a
// class 0x060000 function there, and some (Linux's probe of the type 1 mechanism) look for one.
//
// Identity: Intel 0x8086:0x0d57, a host bridge id that Cloud Hypervisor shows too. No operating
// system has a driver or a quirk for it, unlike the ids of the chip sets that other monitors model
// (440FX, Q35), which make guests poke registers that are not here.
//
// Thread rule: that of PciFunction.
#pragma once

#include "devices/pci/pci_function.h"

namespace skiff {

class PciHostBridge final : public PciFunction {
 public:
  PciHostBridge();
};

}  // namespace skiff
