// The keyboard controller of a PC that has neither keyboard nor mouse: guests look for it, and
// reset the machine through it.
//
// Document: IBM Personal System/2 Hardware Interface Technical Reference (1988), "Keyboard and
// Auxiliary Device Controller".
//
// Modelled: status, data and command port, the controller's RAM with the configuration byte, self
// test, interface tests (which find no device), output port, pulses of it; bit 0 of the output port
// low, or pulsed, is the processor's reset. A byte for a device is answered with 0xfe and the
// time-out bit, as the controller does when nobody takes it.
// Not modelled: devices, interrupts 1 and 12, A20 (kept, without effect), command 0xd3.
//
// Bus: port 0x60 at offset 0 and port 0x64 at offset 4; 0x61 to 0x63 are others'.
// Config example: none, every PC has one (vmm/board).
//
// Thread rule: any threads at once. State is guarded by mutex_; the callback is called on the
// vCPU's thread after it is released.
#pragma once

#include <array>
#include <functional>
#include <string>

#include "vmm/base/log.h"
#include "vmm/base/mutex.h"
#include "vmm/io/io_device.h"

namespace skiff {

class I8042 final : public IoDevice {
 public:
  struct State {
    std::array<std::uint8_t, 32> ram{0x30};  // [0]: configuration; both devices disabled
    std::uint8_t output_buffer = 0;
    std::uint8_t output_port = 0xcf;
    std::uint8_t pending_command = 0;  // one that waits for its data byte; 0: none
    bool output_full = false;
    bool output_from_aux = false;
    bool timeout = false;
    bool last_was_command = false;
    friend bool operator==(const State&, const State&) = default;
  };

  I8042(std::string name, std::function<void()> reset_machine);

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
  std::uint8_t status_register() const SKIFF_REQUIRES(mutex_);
  std::uint8_t read_data() SKIFF_REQUIRES(mutex_);
  void answer(std::uint8_t byte) SKIFF_REQUIRES(mutex_);
  void answer_timeout(bool aux) SKIFF_REQUIRES(mutex_);
  // Both: true if the processor is to be reset.
  bool command(std::uint8_t command) SKIFF_REQUIRES(mutex_);
  bool data(std::uint8_t byte) SKIFF_REQUIRES(mutex_);

  const std::string name_;
  const std::function<void()> reset_machine_;
  mutable Mutex mutex_;
  State state_ SKIFF_GUARDED_BY(mutex_);
  GuestFaultLog faults_;
};

}  // namespace skiff
