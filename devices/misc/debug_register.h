// A register that keeps what is written and does nothing else: for measuring what a write costs
// whose effect can wait (docs/benchmark.md, coalesced-mmio).
//
// Document: none; docs/devices.md.
//
// Modelled: 32 bits at offset 0; a read gives the last value. A write of one or two bytes is the
// whole value.
//
// Bus: four bytes of MMIO. KVM may collect the writes and give them late, but in order
// (vmm/machine/coalesced_writes.h).
// Config example: [debug] coalesced = true
//
// Thread rule: any threads at once; the value is one atomic word.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "vmm/base/log.h"
#include "vmm/io/io_device.h"

namespace skiff {

class DebugRegister final : public IoDevice {
 public:
  explicit DebugRegister(std::string name);

  std::string_view name() const override { return name_; }
  IoStatus read(IoAccess access, std::uint64_t& value) override;
  IoStatus write(IoAccess access, std::uint64_t value) override;
  std::string_view register_name(std::uint64_t offset, bool is_write) const override;
  std::uint64_t guest_faults() const { return faults_.count(); }

 private:
  bool check(IoAccess access, IoStatus& status);

  const std::string name_;
  std::atomic<std::uint32_t> value_{0};
  GuestFaultLog faults_;
};

}  // namespace skiff
