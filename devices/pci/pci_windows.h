// Which addresses the board leaves to PCI; base address registers decode only inside them.
#pragma once

#include "vmm/base/range.h"

namespace skiff {

// An empty range: no such window. The I/O window lies below 2^16, mmio32 below 2^32.
struct PciWindows {
  Range io;
  Range mmio32;
  Range mmio64;
};

}  // namespace skiff
