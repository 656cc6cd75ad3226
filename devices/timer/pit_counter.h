// One counter of the 8254: what it holds and where its OUT is, as a function of time.
// Document: Intel 82C54 data sheet (231244-006), "Mode Definitions", "Read Operations".
//
// Nothing counts here: a counter knows when its count was loaded, and computes the rest. Time is in
// ticks of CLK since any moment; it never goes back from one call to the next. A count that is
// written is loaded by the next tick, as the chip does.
//
// Where the data sheet leaves a choice or Skiff takes a liberty: a count of 1 in modes 2 and 3,
// which is illegal, counts as 2; a count written while mode 3 runs is loaded at the end of the
// whole period, not of the half.
#pragma once

#include <cstdint>
#include <optional>

namespace skiff {

class PitCounter {
 public:
  using Ticks = std::uint64_t;

  // A control word for this counter whose access bits are not 0.
  void set_mode(std::uint8_t control_word, Ticks now);
  void write(std::uint8_t byte, Ticks now);
  std::uint8_t read(Ticks now);
  void latch_count(Ticks now);
  void latch_status(Ticks now);
  void set_gate(bool up, Ticks now);

  bool out(Ticks now) const;
  // The first tick after `now` at which OUT rises; nothing where it will not.
  std::optional<Ticks> next_rise(Ticks now) const;
  // OUT rises again and again.
  bool is_periodic() const { return is_rate() && is_counting_; }
  // The counting element, as it is read. 0 to 0xffff.
  std::uint16_t count(Ticks now) const;

  friend bool operator==(const PitCounter&, const PitCounter&) = default;

 private:
  bool is_rate() const { return mode_ == 2 || mode_ == 3; }
  bool is_triggered() const { return mode_ == 1 || mode_ == 5; }
  // Of the mode's arithmetic: 10000 in BCD.
  std::uint32_t modulus() const { return is_bcd_ ? 10'000 : 0x1'0000; }
  std::uint32_t decode(std::uint16_t written) const;
  std::uint16_t encode(std::uint32_t count) const;
  Ticks elapsed(Ticks now) const;
  void load(std::uint32_t count, Ticks at);
  void accept(std::uint16_t written, Ticks now);
  // Takes over a count that was written during a period that has ended.
  void catch_up(Ticks now);
  bool is_null_count(Ticks now) const;

  std::uint8_t control_ = 0x30;  // the low six bits: access, mode, BCD
  std::uint8_t mode_ = 0;        // 0 to 5
  std::uint8_t access_ = 3;
  bool is_bcd_ = false;
  bool gate_ = true;

  std::optional<std::uint8_t> first_byte_;  // of two, written
  bool second_byte_is_next_ = false;        // of two, to be read
  std::optional<std::uint16_t> latched_count_;
  std::optional<std::uint8_t> latched_status_;

  std::uint32_t written_ = 0;  // the count register, 1 to modulus; 0: none since the control word
  std::uint32_t count_ = 0;    // what the running cycle began with; 0: no cycle has begun
  Ticks loaded_at_ = 0;        // when it did; may be one tick ahead
  bool is_counting_ = false;   // false: stopped by its gate or by half a count
  Ticks stopped_after_ = 0;    // ticks that had passed then
  std::optional<Ticks> take_over_at_;  // modes 2 and 3: `written_` becomes `count_` then
};

}  // namespace skiff
