// What firmware does before an operating system starts: every BAR gets an address.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <tuple>
#include <vector>

#include "devices/pci/pci_bus.h"
#include "vmm/base/bits.h"
#include "vmm/base/error.h"

namespace skiff {
namespace {

struct Request {
  PciFunction* function;
  unsigned index;
  const PciBar* bar;
};

// Hands out a window from its start; requests come sorted by size, largest first, so each lies at a
// multiple of its size with no gap but the first.
class Window {
 public:
  explicit Window(Range range) : left_(range) {}

  std::optional<std::uint64_t> take(std::uint64_t size) {
    const auto start = checked_align_up(left_.start, size);
    if (!start || !left_.contains(Range{*start, size})) return std::nullopt;
    const std::uint64_t used = *start - left_.start + size;
    left_ = {left_.start + used, left_.size - used};
    return start;
  }

 private:
  Range left_;
};

}  // namespace

void PciBus::assign_bars() {
  std::vector<Request> requests;
  for (PciFunction* const function : functions_) {
    for (unsigned i = 0; function != nullptr && i < pci::kBars; ++i) {
      if (const PciBar* const bar = function->bar(i)) requests.push_back({function, i, bar});
    }
  }
  // Largest first; among equals by address, so that the same machine always looks the same.
  std::ranges::sort(requests, [](const Request& a, const Request& b) {
    const auto key = [](const Request& r) {
      return std::tuple(~r.bar->size, r.function->address().id(), r.index);
    };
    return key(a) < key(b);
  });

  const PciWindows& windows = decoder_.windows();
  Window io(windows.io);
  Window mmio32(windows.mmio32);
  Window mmio64(windows.mmio64);
  for (const Request& request : requests) {
    std::optional<std::uint64_t> address;
    if (request.bar->kind == PciBar::Kind::io) {
      address = io.take(request.bar->size);
    } else {
      if (request.bar->is_64bit()) address = mmio64.take(request.bar->size);
      if (!address) address = mmio32.take(request.bar->size);
    }
    if (!address) {
      throw ConfigError(fmt::format(
          "{}: no room left in the PCI {} window for BAR {} of {:#x} bytes",
          request.function->name(), request.bar->kind == PciBar::Kind::io ? "I/O" : "memory",
          request.index, request.bar->size));
    }
    request.function->set_bar_address(request.index, *address);
  }
  for (PciFunction* const function : functions_) {
    if (function == nullptr) continue;
    std::uint16_t command = 0;
    for (unsigned i = 0; i < pci::kBars; ++i) {
      const PciBar* const bar = function->bar(i);
      if (bar == nullptr) continue;
      command |= bar->kind == PciBar::Kind::io ? pci::kCommandIo : pci::kCommandMemory;
    }
    if (command != 0) function->config_write(pci::kCommand, 2, command);
  }
}

}  // namespace skiff
