#include "devices/pci/pci_bus.h"

#include <fmt/format.h>

#include <cassert>

#include "vmm/base/bits.h"
#include "vmm/base/error.h"

namespace skiff {

PciBus::PciBus(IoBus& ports, IoBus& mmio, const PciWindows& windows,
               std::span<const PciIntxRoute> intx)
    : decoder_(ports, mmio, windows) {
  assert(!intx.empty() && intx.size() <= 8);
  for (const PciIntxRoute& route : intx) {
    pins_.push_back(std::make_unique<SharedIrqPin>(route.sink));
    numbers_.push_back(route.number);
  }
}

PciBus::~PciBus() = default;

void PciBus::add(PciFunction& function, PciAddress address) {
  assert(address.slot < pci::kSlots && address.function < pci::kFunctionsPerSlot);
  PciFunction*& place = functions_[address.id() & 0xff];
  if (address.bus != 0 || place != nullptr) {
    throw ConfigError(fmt::format("{}: PCI address {:02x}:{:02x}.{} is {}", function.name(),
                                  address.bus, address.slot, address.function,
                                  address.bus != 0 ? "not on bus 0, the only one"
                                                   : fmt::format("taken by {}", place->name())));
  }
  // Every function here uses INTA#; the slot number spreads them over the routes.
  const std::size_t route = intx_route(address.slot, 0);
  IrqSink* const sink = function.has_intx() ? &pins_[route]->add_input() : nullptr;
  function.plug(*this, decoder_, address, sink, static_cast<std::uint8_t>(numbers_[route]));
  place = &function;
  // Guests look at functions 1 to 7 only if function 0 says so (6.2.1).
  PciFunction* const first = functions_[address.slot * pci::kFunctionsPerSlot];
  for (unsigned i = 1; first != nullptr && i < pci::kFunctionsPerSlot; ++i) {
    if (functions_[address.slot * pci::kFunctionsPerSlot + i] != nullptr) {
      first->set_multi_function();
    }
  }
}

void PciBus::add(PciFunction& function) {
  for (unsigned slot = 0; slot < pci::kSlots; ++slot) {
    bool is_free = true;
    for (unsigned i = 0; i < pci::kFunctionsPerSlot; ++i) {
      is_free = is_free && functions_[slot * pci::kFunctionsPerSlot + i] == nullptr;
    }
    if (is_free) return add(function, PciAddress{0, static_cast<std::uint8_t>(slot), 0});
  }
  throw ConfigError(
      fmt::format("{}: all {} slots of the PCI bus are taken", function.name(), pci::kSlots));
}

void PciBus::remove(PciFunction& function) {
  decoder_.remove(function);
  functions_[function.address().id() & 0xff] = nullptr;
}

void PciBus::reset() {
  for (PciFunction* const function : functions_) {
    if (function != nullptr) function->reset();
  }
  assign_bars();
}

PciFunction* PciBus::function(PciAddress address) const {
  if (address.bus != 0 || address.slot >= pci::kSlots ||
      address.function >= pci::kFunctionsPerSlot) {
    return nullptr;
  }
  return functions_[address.id()];
}

std::uint64_t PciBus::config_read(PciAddress address, std::uint64_t offset, unsigned width) {
  PciFunction* const target = function(address);
  return target == nullptr ? all_ones(width) : target->config_read(offset, width);
}

void PciBus::config_write(PciAddress address, std::uint64_t offset, unsigned width,
                          std::uint64_t value) {
  if (PciFunction* const target = function(address)) target->config_write(offset, width, value);
}

}  // namespace skiff
