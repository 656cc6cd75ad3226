// A PCI host bridge's window onto I/O space, for processors that have no ports: port n is n bytes
// into it (PCI Local Bus 3.0, 3.2.2; Linux's pci_remap_iospace).
//
// Ports are for set-up and resets: an access takes the bus's mutex, which one by a vCPU's own
// Reader does not.
//
// Thread rule: any thread.
#pragma once

#include "vmm/base/bits.h"
#include "vmm/io/io_bus.h"
#include "vmm/io/io_device.h"

namespace skiff {

class PciPortWindow final : public IoDevice {
 public:
  static constexpr std::uint64_t kSize = 64 * KiB;

  // `ports` must outlive this object.
  explicit PciPortWindow(IoBus& ports) : ports_(ports) {}

  std::string_view name() const override { return "pci-ports"; }
  // Where no device answers: all ones, and dropped, as on the bus itself. `busy` is passed on.
  IoStatus read(IoAccess access, std::uint64_t& value) override;
  IoStatus write(IoAccess access, std::uint64_t value) override;
  std::string_view register_name(std::uint64_t, bool) const override { return "I/O port"; }

 private:
  IoBus& ports_;
};

}  // namespace skiff
