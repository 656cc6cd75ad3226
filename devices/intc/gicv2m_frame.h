// A GICv2m frame: turns message interrupts into shared peripheral interrupts of a GICv2, which
// knows no messages of its own.
//
// Document: ARM DEN 0029 (Server Base System Architecture), appendix E.
// Modelled: MSI_TYPER, MSI_SETSPI_NS, MSI_IIDR. A device's messages do not come here: who delivers
// them knows the frame's address and does the same (KvmSpiMessages). This is what a processor's
// reads and writes see.
//
// Thread rule: any thread; the device has no state.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "vmm/base/log.h"
#include "vmm/io/io_device.h"

namespace skiff {

class Gicv2mFrame final : public IoDevice {
 public:
  // `pulse` raises an edge on an interrupt of the frame: `first_intid` up to `count` further on.
  // Called on the writing vCPU's thread.
  Gicv2mFrame(std::string name, std::uint32_t first_intid, std::uint32_t count,
              std::function<void(std::uint32_t intid)> pulse);

  std::string_view name() const override { return name_; }
  IoStatus read(IoAccess access, std::uint64_t& value) override;
  IoStatus write(IoAccess access, std::uint64_t value) override;
  std::string_view register_name(std::uint64_t offset, bool is_write) const override;

  std::uint64_t guest_faults() const { return faults_.count(); }

 private:
  IoStatus check(IoAccess access);

  const std::string name_;
  const std::uint32_t first_intid_;
  const std::uint32_t count_;
  const std::function<void(std::uint32_t)> pulse_;
  GuestFaultLog faults_;
};

}  // namespace skiff
