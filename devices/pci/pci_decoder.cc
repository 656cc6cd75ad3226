#include "devices/pci/pci_decoder.h"

#include <algorithm>
#include <utility>

#include "devices/pci/pci_function.h"

namespace skiff {

PciDecoder::PciDecoder(IoBus& ports, IoBus& mmio, const PciWindows& windows)
    : ports_(ports), mmio_(mmio), windows_(windows) {}

void PciDecoder::sync(PciFunction& function) {
  MutexLock lock(mutex_);
  adopt(function);
  std::vector<Claim*> changed;
  for (Claim& claim : claims_) {
    if (claim.function != &function) continue;
    const std::optional<Range> wanted = function.wanted_range(claim.bar);
    if (wanted == claim.wanted) continue;
    const std::optional<Range> before = std::exchange(claim.wanted, wanted);
    if (claim.decoded) leave(claim, *before);
    changed.push_back(&claim);
  }
  if (changed.empty()) return;
  // What was given up may be what another BAR waits for: first come, first served.
  for (Claim& claim : claims_) {
    if (!claim.wanted || claim.decoded) continue;
    grant(claim, std::ranges::find(changed, &claim) != changed.end());
  }
}

void PciDecoder::remove(PciFunction& function) {
  MutexLock lock(mutex_);
  for (Claim& claim : claims_) {
    // Not leave(): the function is in its destructor and can no longer be told.
    if (claim.function == &function && claim.decoded) {
      bus_of(claim).remove(claim.wanted->start, *claim.device);
    }
  }
  std::erase_if(claims_, [&](const Claim& claim) { return claim.function == &function; });
}

void PciDecoder::adopt(PciFunction& function) {
  const auto known = [&](const Claim& claim) { return claim.function == &function; };
  if (std::ranges::any_of(claims_, known)) return;
  for (unsigned i = 0; i < pci::kBars; ++i) {
    const PciBar* const bar = function.bar(i);
    if (bar != nullptr) claims_.push_back({&function, i, bar->space(), bar->device});
  }
}

bool PciDecoder::inside_window(const Claim& claim) const {
  if (claim.space == IoSpace::port) return windows_.io.contains(*claim.wanted);
  return windows_.mmio32.contains(*claim.wanted) || windows_.mmio64.contains(*claim.wanted);
}

void PciDecoder::grant(Claim& claim, bool is_new) {
  if (!inside_window(claim)) {
    if (is_new) {
      faults_.report("{}: BAR {} at {:#x}+{:#x} lies outside the PCI windows: it decodes nothing",
                     claim.function->name(), claim.bar, claim.wanted->start, claim.wanted->size);
    }
    return;
  }
  const auto added = bus_of(claim).add(*claim.wanted, *claim.device);
  if (!added) {
    if (is_new) faults_.report("{}: it decodes nothing", added.error());
    return;
  }
  claim.decoded = true;
  claim.function->on_bar_moved(claim.bar, claim.wanted->start);
}

// A BAR that goes from one good place to another is never nowhere in between.
void PciDecoder::leave(Claim& claim, const Range& from) {
  // Told first, so that a doorbell at the old address is gone before the range is.
  claim.function->on_bar_moved(claim.bar, std::nullopt);
  const bool moved = claim.wanted && inside_window(claim) &&
                     bus_of(claim).move(from.start, *claim.device, *claim.wanted);
  if (moved) {
    claim.function->on_bar_moved(claim.bar, claim.wanted->start);
    return;
  }
  bus_of(claim).remove(from.start, *claim.device);
  claim.decoded = false;
}

}  // namespace skiff
