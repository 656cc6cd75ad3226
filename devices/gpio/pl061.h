// A PL061: eight general purpose lines; a board may have its power button on one of them.
//
// Document: ARM DDI 0190 (PrimeCell General Purpose Input/Output (PL061) Technical Reference
// Manual), r1p0.
// Modelled: all registers; interrupts by edge and by level. Lines that the guest makes outputs lead
// nowhere and read as driven. Not modelled: the integration test registers.
//
// Thread rule: any thread; state is guarded by mutex_, the wire is driven after it is released.
#pragma once

#include <cstdint>
#include <string>

#include "vmm/base/log.h"
#include "vmm/base/mutex.h"
#include "vmm/io/io_device.h"
#include "vmm/io/irq_line.h"

namespace skiff {

class Pl061 final : public IoDevice {
 public:
  struct State {
    std::uint8_t inputs = 0;  // from outside, one bit a line
    std::uint8_t outputs = 0;
    std::uint8_t dir = 0;  // 1: output
    std::uint8_t is = 0;   // 1: level, 0: edge
    std::uint8_t ibe = 0;  // 1: both edges
    std::uint8_t iev = 0;  // 1: rising or high, 0: falling or low
    std::uint8_t ie = 0;
    std::uint8_t edges = 0;  // that wait to be cleared by IC
    std::uint8_t afsel = 0;
    friend bool operator==(const State&, const State&) = default;
  };

  Pl061(std::string name, IrqSink* irq);

  // Drives a line (0 to 7) from outside.
  void set_input(unsigned line, bool high) SKIFF_EXCLUDES(mutex_);

  std::string_view name() const override { return name_; }
  IoStatus read(IoAccess access, std::uint64_t& value) override;
  IoStatus write(IoAccess access, std::uint64_t value) override;
  std::string_view register_name(std::uint64_t offset, bool is_write) const override;

  State state() const SKIFF_EXCLUDES(mutex_);
  std::uint64_t guest_faults() const { return faults_.count(); }

 private:
  bool check(IoAccess access, IoStatus& status);
  std::uint8_t lines() const SKIFF_REQUIRES(mutex_);
  std::uint8_t raw_status() const SKIFF_REQUIRES(mutex_);
  std::uint8_t read_register(std::uint64_t offset) const SKIFF_REQUIRES(mutex_);
  void write_register(std::uint64_t offset, std::uint8_t value) SKIFF_REQUIRES(mutex_);
  void note_edges(std::uint8_t before) SKIFF_REQUIRES(mutex_);
  void sync_irq() SKIFF_EXCLUDES(mutex_);

  const std::string name_;
  mutable Mutex mutex_;
  State state_ SKIFF_GUARDED_BY(mutex_);
  GuestFaultLog faults_;
  IrqLine irq_;
};

}  // namespace skiff
