// The PC's reset control register, FADT.RESET_REG: 6 written to port 0xcf9 resets the machine.
//
// Document: Intel ICH9 family data sheet, 13.7.5 "RST_CNT"; ACPI Specification 6.5, 4.8.3.6.
//
// Modelled: RST_CPU (its rising edge resets, and the reset clears it), SYS_RST and FULL_RST (kept).
// Not modelled: a difference between soft, hard and power-cycle reset.
//
// Bus: one byte, at port 0xcf9. That lies inside PCI's 0xcf8 to 0xcff, where only accesses of four
// bytes at 0xcf8 are CONFIG_ADDRESS: whoever owns those ports passes byte accesses of 0xcf9 on
// here. Config example: none, every PC has one (vmm/board).
//
// Thread rule: any threads at once; the state is one atomic byte. The callback is called on the
// vCPU's thread.
#pragma once

#include <atomic>
#include <functional>
#include <string>

#include "vmm/base/log.h"
#include "vmm/io/io_device.h"

namespace skiff {

class ResetControl final : public IoDevice {
 public:
  struct State {
    std::uint8_t rst_cnt = 0;
    friend bool operator==(const State&, const State&) = default;
  };

  ResetControl(std::string name, std::function<void()> reset_machine);

  std::string_view name() const override { return name_; }
  IoStatus read(IoAccess access, std::uint64_t& value) override;
  IoStatus write(IoAccess access, std::uint64_t value) override;
  std::string_view register_name(std::uint64_t offset, bool is_write) const override;

  State state() const { return {rst_cnt_.load(std::memory_order_relaxed)}; }
  void restore(const State& state);
  void reset() { restore(State{}); }
  std::uint64_t guest_faults() const { return faults_.count(); }

 private:
  bool check(IoAccess access, IoStatus& status);

  const std::string name_;
  const std::function<void()> reset_machine_;
  std::atomic<std::uint8_t> rst_cnt_{0};
  GuestFaultLog faults_;
};

}  // namespace skiff
