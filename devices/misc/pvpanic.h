// By which a guest kernel tells that it has panicked.
//
// Document: QEMU, docs/specs/pvpanic.rst (the ISA device; ACPI id QEMU0001).
//
// Modelled: a read gives the events this device knows (bits 0 and 1), a write of one hands it to
// the callback. Bit 0 (panicked) wins where both are written. Not modelled: the PCI device, bit 2
// (shutdown; the mask does not offer it).
//
// Bus: one byte, at port 0x505.
// Config example: none, every PC has one (vmm/board).
//
// Thread rule: any threads at once; there is no state. The callback is called on the vCPU's thread.
#pragma once

#include <functional>
#include <string>

#include "vmm/base/log.h"
#include "vmm/io/io_device.h"

namespace skiff {

enum class PvpanicEvent : std::uint8_t {
  panicked,      // the kernel has stopped, or is about to restart
  crash_loaded,  // the kernel hands over to its crash kernel: let it run
};

class Pvpanic final : public IoDevice {
 public:
  Pvpanic(std::string name, std::function<void(PvpanicEvent event)> on_event);

  std::string_view name() const override { return name_; }
  IoStatus read(IoAccess access, std::uint64_t& value) override;
  IoStatus write(IoAccess access, std::uint64_t value) override;
  std::string_view register_name(std::uint64_t offset, bool is_write) const override;
  std::uint64_t guest_faults() const { return faults_.count(); }

 private:
  bool check(IoAccess access, IoStatus& status);

  const std::string name_;
  const std::function<void(PvpanicEvent event)> on_event_;
  GuestFaultLog faults_;
};

}  // namespace skiff
