// Which base address registers answer on the two buses, and where.
//
// A function says what it wants (BAR address, and decoding enabled in its command register); the
// decoder grants it if the range lies inside a PCI window and nothing else is there. A BAR that
// gets nothing decodes nothing, and is tried again when another BAR moves away (guests swap
// addresses).
//
// Thread rule: any thread. Its mutex is held from reading what a function wants to the end of the
// bus change, so that of two vCPUs that move one BAR the last one wins. Lock order: this mutex,
// then a function's, then the IoBus's; a function calls with its own mutex released.
#pragma once

#include <optional>
#include <vector>

#include "devices/pci/pci_windows.h"
#include "vmm/base/log.h"
#include "vmm/base/mutex.h"
#include "vmm/base/range.h"
#include "vmm/io/hw_description.h"
#include "vmm/io/io_bus.h"

namespace skiff {

class PciFunction;

class PciDecoder {
 public:
  // The buses must outlive the decoder.
  PciDecoder(IoBus& ports, IoBus& mmio, const PciWindows& windows);

  // Reads again what the function's BARs want, and moves them.
  void sync(PciFunction& function);
  // The function decodes nothing any more and is forgotten.
  void remove(PciFunction& function);

  const PciWindows& windows() const { return windows_; }
  // BARs that asked for an address they could not have.
  std::uint64_t faults() const { return faults_.count(); }

 private:
  struct Claim {
    PciFunction* function;
    unsigned bar;
    IoSpace space;
    IoDevice* device;
    std::optional<Range> wanted{};
    bool decoded = false;
  };

  void adopt(PciFunction& function) SKIFF_REQUIRES(mutex_);
  IoBus& bus_of(const Claim& claim) { return claim.space == IoSpace::port ? ports_ : mmio_; }
  bool inside_window(const Claim& claim) const;
  void grant(Claim& claim, bool is_new) SKIFF_REQUIRES(mutex_);
  // From where it was decoded to where it is wanted, if that can be.
  void leave(Claim& claim, const Range& from) SKIFF_REQUIRES(mutex_);

  IoBus& ports_;
  IoBus& mmio_;
  const PciWindows windows_;
  GuestFaultLog faults_{"pci"};
  Mutex mutex_;
  std::vector<Claim> claims_ SKIFF_GUARDED_BY(mutex_);
};

}  // namespace skiff
