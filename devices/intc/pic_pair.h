// The PC's pair of 8259A interrupt controllers: 15 inputs, one INT to the processor.
//
//   IRQ 0 1   3 ... 7  -> master -> INT -> `intr`
//              IR2 ^-- slave <- IRQ 8 ... 15
//
// Documents: Intel 8259A data sheet (231468-003); IBM PC AT Technical Reference (1984) for the
// cascade; Intel ICH9 data sheet, 13.4, for the edge/level control registers (ELCR).
//
// Modelled: both chips' initialization and command words: masks, every kind of EOI, rotation, fully
// nested, special fully nested and special mask mode, automatic EOI, polling, reads of IRR and ISR;
// ELCR; spurious interrupts. Both acknowledge cycles are one step, so IRQ 15 is spurious only where
// a slave is polled empty behind the master's back. Not modelled: ICW1's LTIM (as in chipsets with
// ELCR, which is in its place), the 8080's modes, buffered mode, ICW3 (kept: the cascade is wired).
//
// One liberty: an edge that waits is not withdrawn when its input falls before the acknowledge (the
// chip would then give IR7), as in the kernel's model: a pulse of no length is an interrupt.
//
// Bus: master at offset 0 (ports 0x20, 0x21), slave at 2 (0xa0, 0xa1), ELCR at 4 (0x4d0, 0x4d1).
// Config example: machine.irqchip = "split" or "user".
//
// Thread rule: any threads at once. State is guarded by mutex_; `intr` is driven with it released.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>

#include "devices/intc/pic_chip.h"
#include "vmm/base/log.h"
#include "vmm/base/mutex.h"
#include "vmm/io/io_device.h"
#include "vmm/io/irq_line.h"

namespace skiff {

class PicPair final : public IoDevice {
 public:
  static constexpr unsigned kPins = 16;
  struct State {
    PicChip master;
    PicChip slave;
    friend bool operator==(const State&, const State&) = default;
  };

  // `intr` outlives the pair; it may be null.
  PicPair(std::string name, IrqSink* intr);

  // Input IRQ 0 to 15. IRQ 2 is the cascade and leads nowhere.
  IrqSink& pin(unsigned irq);
  // What firmware does for level-triggered lines: a bit an IRQ.
  void set_level_triggered(std::uint16_t irqs) SKIFF_EXCLUDES(mutex_);
  // The processor's acknowledge cycles: the vector. IR7 of the master if there is no request.
  std::uint8_t acknowledge() noexcept SKIFF_EXCLUDES(mutex_);

  std::string_view name() const override { return name_; }
  IoStatus read(IoAccess access, std::uint64_t& value) override;
  IoStatus write(IoAccess access, std::uint64_t value) override;
  std::string_view register_name(std::uint64_t offset, bool is_write) const override;

  State state() const SKIFF_EXCLUDES(mutex_);
  void restore(const State& state) SKIFF_EXCLUDES(mutex_);
  // "IRQ 0 is in service, IRQ 4 waits, masked": one line for a report.
  std::string describe() const SKIFF_EXCLUDES(mutex_);
  std::uint64_t guest_faults() const { return faults_.count(); }
  std::uint64_t spurious() const { return spurious_.load(std::memory_order_relaxed); }

 private:
  class Pin final : public IrqSink {
   public:
    void set_level(bool asserted) noexcept override { pair_->set_line(irq_, asserted); }
    // Which interrupt an EOI ends is the chip's own business: nobody is told.
    void set_eoi_handler(std::function<void()> /*handler*/) override {}

   private:
    friend class PicPair;
    PicPair* pair_ = nullptr;
    unsigned irq_ = 0;
  };

  static State initial_state();
  void set_line(unsigned irq, bool asserted) noexcept SKIFF_EXCLUDES(mutex_);
  bool check(IoAccess access, IoStatus& status);
  // After each change: the slave's INT to the master. True if the master's INT has changed.
  bool settle() SKIFF_REQUIRES(mutex_);
  void drive_intr() noexcept SKIFF_EXCLUDES(mutex_);

  const std::string name_;
  std::array<Pin, kPins> pins_;
  mutable Mutex mutex_;
  State state_ SKIFF_GUARDED_BY(mutex_);
  bool int_ SKIFF_GUARDED_BY(mutex_) = false;
  std::atomic<std::uint64_t> spurious_{0};
  GuestFaultLog faults_;
  IrqLine intr_;
};

}  // namespace skiff
