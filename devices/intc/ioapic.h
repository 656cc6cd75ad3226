// The I/O APIC: 24 pins, each with an entry that says which message goes to which local APIC.
//
// Documents: Intel 82093AA data sheet (290566-001); Intel ICH9 data sheet, 13.5, for version 0x20
// with its EOI register, which a local APIC that offers to suppress its EOI broadcasts relies on.
//
// Modelled: ID, version, arbitration ID, the redirection table; edges (lost while masked, 3.2.4)
// and levels with remote IRR; EOIs by broadcast and by register; a change to edge-triggered clears
// remote IRR. Not modelled: polarity (the bit is kept; a wire of Skiff's is up when it is active),
// delivery status (messages take no time: 0), ExtINT entries (the 8259s have wires of their own).
//
// Bus: IOREGSEL at offset 0, IOWIN at 0x10, EOI at 0x40, 4 bytes each. Config example:
// machine.irqchip = "split".
//
// Thread rule: any threads at once. State is guarded by mutex_; writers of entries take
// table_mutex_ before it and hold it while they tell `output` of a message whose EOI must come
// back: it does before the first such message goes out. Messages go out with mutex_ released.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "vmm/base/log.h"
#include "vmm/base/mutex.h"
#include "vmm/io/io_device.h"
#include "vmm/io/irq_line.h"
#include "vmm/io/msi.h"
#include "vmm/io/processor_interrupts.h"

namespace skiff {

// Where an I/O APIC's messages go. Thread rule: any thread; must not call back.
class IoapicOutput {
 public:
  virtual ~IoapicOutput() = default;
  virtual void send(const MsiMessage& message) noexcept = 0;
  // From now on `pin` may send this level-triggered message, and Ioapic::end_of_interrupt must be
  // called when a processor ends it. The earlier one of the pin may be forgotten, if its interrupt
  // is not in service.
  virtual void expect_eoi(unsigned pin, const MsiMessage& message) noexcept = 0;
};

class Ioapic final : public IoDevice, public EndOfInterruptSink {
 public:
  static constexpr unsigned kPins = 24;
  struct State {
    std::uint8_t index = 0;  // IOREGSEL
    std::uint32_t id = 0;
    std::uint32_t lines = 0;  // levels of the pins
    std::array<std::uint64_t, kPins> entries = masked_entries();
    friend bool operator==(const State&, const State&) = default;
  };

  // `output` outlives it.
  Ioapic(std::string name, IoapicOutput& output);

  IrqSink& pin(unsigned number);
  void end_of_interrupt(std::uint8_t vector) noexcept override SKIFF_EXCLUDES(mutex_);

  std::string_view name() const override { return name_; }
  IoStatus read(IoAccess access, std::uint64_t& value) override;
  IoStatus write(IoAccess access, std::uint64_t value) override;
  std::string_view register_name(std::uint64_t offset, bool is_write) const override;

  State state() const SKIFF_EXCLUDES(mutex_);
  // "pin 4 waits, masked; pin 10 in service (vector 0x31)": one line for a report.
  std::string describe() const SKIFF_EXCLUDES(mutex_);
  std::uint64_t guest_faults() const { return faults_.count(); }

 private:
  class Pin final : public IrqSink {
   public:
    void set_level(bool asserted) noexcept override { owner_->set_line(number_, asserted); }
    void set_eoi_handler(std::function<void()> /*handler*/) override {}

   private:
    friend class Ioapic;
    Ioapic* owner_ = nullptr;
    unsigned number_ = 0;
  };

  static constexpr std::array<std::uint64_t, kPins> masked_entries() {
    std::array<std::uint64_t, kPins> entries{};
    entries.fill(1ULL << 16);
    return entries;
  }

  void set_line(unsigned pin, bool asserted) noexcept SKIFF_EXCLUDES(mutex_);
  bool check(IoAccess access, IoStatus& status);
  std::uint32_t read_window() const SKIFF_REQUIRES(mutex_);
  void write_window(std::uint32_t value) SKIFF_EXCLUDES(mutex_, table_mutex_);
  void write_entry(unsigned pin, bool high, std::uint32_t value)
      SKIFF_EXCLUDES(mutex_, table_mutex_);
  // The message of a pin that is up and level-triggered, if it may go out; sets remote IRR.
  std::optional<MsiMessage> take_level(unsigned pin) SKIFF_REQUIRES(mutex_);

  const std::string name_;
  IoapicOutput& output_;
  std::array<Pin, kPins> pins_;
  Mutex table_mutex_;
  std::array<MsiMessage, kPins> expected_ SKIFF_GUARDED_BY(table_mutex_){};
  mutable Mutex mutex_;
  State state_ SKIFF_GUARDED_BY(mutex_);
  GuestFaultLog faults_;
};

// The message of a redirection table entry.
MsiMessage ioapic_message(std::uint64_t entry);

}  // namespace skiff
