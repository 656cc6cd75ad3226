// ACPI's fixed power-management registers: power off and the power button.
//
// Document: ACPI Specification 6.5, section 4.8.3 (PM1a event and control registers).
//
// Modelled: PM1a_STS (write 1 to clear), PM1a_EN, PM1a_CNT with SLP_TYP and SLP_EN (5 is S5, power
// off), PWRBTN_STS, the SCI as a level: up while an event is both set and enabled.
// Not modelled: other sleep states (a request is dropped and logged), the PM timer, GPE blocks, a
// second (PM1b) block, legacy mode: SMI_CMD is 0 in the FADT, so SCI_EN always reads 1 (4.8.3.2.1).
//
// A press of the button while PWRBTN_EN is off stays pending in PWRBTN_STS.
//
// Bus: six bytes; PM1a_EVT_BLK at offset 0 (4 bytes), PM1a_CNT_BLK at offset 4 (2 bytes). Accesses
// of 1, 2 or 4 bytes inside one block, at any offset: each byte is a lane of its register. Config
// example: none, every PC has one (vmm/board).
//
// Thread rule: any threads at once. Registers are guarded by mutex_; wire and callback are called
// after it is released, the callback on the vCPU's thread.
#pragma once

#include <functional>
#include <string>

#include "vmm/base/log.h"
#include "vmm/base/mutex.h"
#include "vmm/io/io_device.h"
#include "vmm/io/irq_line.h"

namespace skiff {

class AcpiPm final : public IoDevice {
 public:
  struct State {
    std::uint16_t pm1_sts = 0;
    std::uint16_t pm1_en = 0;
    std::uint16_t pm1_cnt = 0;  // without SCI_EN and SLP_EN
    friend bool operator==(const State&, const State&) = default;
  };

  // `sci` may be null.
  AcpiPm(std::string name, IrqSink* sci, std::function<void()> power_off);

  // Any thread.
  void press_power_button() SKIFF_EXCLUDES(mutex_);

  std::string_view name() const override { return name_; }
  IoStatus read(IoAccess access, std::uint64_t& value) override;
  IoStatus write(IoAccess access, std::uint64_t value) override;
  std::string_view register_name(std::uint64_t offset, bool is_write) const override;

  State state() const SKIFF_EXCLUDES(mutex_);
  void restore(const State& state) SKIFF_EXCLUDES(mutex_);
  void reset() { restore(State{}); }
  std::uint64_t guest_faults() const { return faults_.count(); }

 private:
  bool check(IoAccess access, IoStatus& status);
  std::uint8_t read_byte(std::uint64_t offset) const SKIFF_REQUIRES(mutex_);
  // True: SLP_EN was written.
  bool write_byte(std::uint64_t offset, std::uint8_t byte) SKIFF_REQUIRES(mutex_);
  void sync_sci() SKIFF_EXCLUDES(mutex_);

  const std::string name_;
  const std::function<void()> power_off_;
  mutable Mutex mutex_;
  State state_ SKIFF_GUARDED_BY(mutex_);
  GuestFaultLog faults_;
  IrqLine sci_;
};

}  // namespace skiff
