// A port by which a test program inside the guest ends the machine with a status.
//
// Document: QEMU's isa-debug-exit, as kvm-unit-tests and operating-system courses use it.
//
// Modelled: a write of one, two or four bytes hands the value to the callback; what exit status it
// becomes is the callback's. A read gives 0.
//
// Bus: one to four bytes, at port 0xf4; only offset 0 answers.
// Config example: none, every PC has one (vmm/board).
//
// Thread rule: any threads at once; there is no state. The callback is called on the vCPU's thread.
#pragma once

#include <functional>
#include <string>

#include "vmm/base/log.h"
#include "vmm/io/io_device.h"

namespace skiff {

class DebugExit final : public IoDevice {
 public:
  DebugExit(std::string name, std::function<void(std::uint32_t value)> on_exit);

  std::string_view name() const override { return name_; }
  IoStatus read(IoAccess access, std::uint64_t& value) override;
  IoStatus write(IoAccess access, std::uint64_t value) override;
  std::string_view register_name(std::uint64_t offset, bool is_write) const override;
  std::uint64_t guest_faults() const { return faults_.count(); }

 private:
  bool check(IoAccess access, IoStatus& status);

  const std::string name_;
  const std::function<void(std::uint32_t value)> on_exit_;
  GuestFaultLog faults_;
};

}  // namespace skiff
