// Configuration mechanism #1 (PCI 3.0, 3.2.2.3.2): an address register at port 0xCF8, a data window
// at 0xCFC to 0xCFF.
//
// Only a dword access to 0xCF8 is the address register; narrower ones pass to whatever else decodes
// there. On a PC that is the reset control register, the byte at 0xCF9: one device must own the
// eight ports, so this one hands byte accesses at 0xCF9 on.
//
// Two vCPUs that use the pair at the same time read and write each other's register, as on real
// hardware; guests hold a lock. It is memory-safe whatever they do.
//
// Thread rule: any thread, no lock.
#pragma once

#include <atomic>
#include <cstdint>

#include "devices/pci/pci_bus.h"
#include "vmm/io/io_device.h"

namespace skiff {

class PciConfigPorts final : public IoDevice {
 public:
  // To be added to the port bus whole.
  static constexpr Range kPorts{0xcf8, 8};

  // `reset_control` (may be null) sees byte accesses at 0xCF9 as its offset 0; it and the bus must
  // outlive this object.
  explicit PciConfigPorts(PciBus& bus, IoDevice* reset_control = nullptr);

  void reset() { address_.store(0, std::memory_order_relaxed); }

  std::string_view name() const override { return "pci-config-ports"; }
  IoStatus read(IoAccess access, std::uint64_t& value) override;
  IoStatus write(IoAccess access, std::uint64_t value) override;
  std::string_view register_name(std::uint64_t offset, bool is_write) const override;

 private:
  PciBus& bus_;
  IoDevice* const reset_control_;
  std::atomic<std::uint32_t> address_{0};
};

}  // namespace skiff
