// The enhanced configuration access mechanism (PCI Express Base, 7.2.2): the configuration space of
// every function of a bus, 4 KiB each, 1 MiB a bus, in memory.
//
// Any width at any offset is answered; an access that crosses from one function into the next is
// refused (7.2.2 leaves it to the root complex).
//
// Thread rule: any thread.
#pragma once

#include "devices/pci/pci_bus.h"
#include "vmm/base/bits.h"
#include "vmm/io/io_device.h"

namespace skiff {

class PciEcam final : public IoDevice {
 public:
  static constexpr std::uint64_t kSizePerBus = MiB;

  // `bus` must outlive this object. To be added to the MMIO bus with a multiple of 1 MiB.
  explicit PciEcam(PciBus& bus) : bus_(bus) {}

  std::string_view name() const override { return "pci-ecam"; }
  IoStatus read(IoAccess access, std::uint64_t& value) override;
  IoStatus write(IoAccess access, std::uint64_t value) override;
  std::string_view register_name(std::uint64_t offset, bool is_write) const override;

 private:
  PciBus& bus_;
};

}  // namespace skiff
