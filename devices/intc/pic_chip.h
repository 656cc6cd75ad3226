// One 8259A: its registers and what follows from them. Plain state without a lock; PicPair has two.
// Document: Intel 8259A data sheet (231468-003).
#pragma once

#include <cstdint>
#include <optional>

namespace skiff {

struct PicChip {
  std::uint8_t lines = 0;       // levels of IR0 to IR7
  std::uint8_t latched = 0;     // edges that wait
  std::uint8_t imr = 0;         // interrupt mask register
  std::uint8_t isr = 0;         // in-service register
  std::uint8_t level = 0;       // inputs that are level-triggered: ELCR, and a slave's INT
  std::uint8_t base = 0;        // of the vectors (ICW2)
  std::uint8_t icw3 = 0;        // kept
  std::uint8_t lowest = 7;      // the input of lowest priority
  std::uint8_t next_icw = 0;    // 2, 3, 4: the initialization command word that is due; 0: none
  bool needs_icw4 = false;      // the three of ICW1
  bool is_single = false;       //
  bool is_initialized = false;  // a sequence has been finished since power-on
  bool auto_eoi = false;
  bool rotates_in_auto_eoi = false;
  bool special_mask = false;
  bool special_fully_nested = false;
  bool poll = false;       // the next read is a poll
  bool reads_isr = false;  // reads at A0 = 0 give ISR, not IRR

  friend bool operator==(const PicChip&, const PicChip&) = default;

  // Interrupt request register: edges that wait, and level-triggered inputs that are up.
  std::uint8_t irr() const { return static_cast<std::uint8_t>(latched | (lines & level)); }
  // The input that would be acknowledged now: INT is up while there is one.
  std::optional<unsigned> winner() const;

  void set_line(unsigned input, bool asserted);
  void set_level_triggered(std::uint8_t inputs);
  // The first acknowledge cycle, for an input that winner() named.
  void take(unsigned input);
  void write(bool a0, std::uint8_t value);
  std::uint8_t read(bool a0);

 private:
  void write_icw1(std::uint8_t value);
  void write_ocw2(std::uint8_t value);
  void write_ocw3(std::uint8_t value);
  std::uint8_t poll_word();
  // 0 is the highest of priorities.
  unsigned priority(unsigned input) const { return (input - lowest - 1U) & 7U; }
  std::optional<unsigned> highest(std::uint8_t inputs) const;
  std::optional<unsigned> end_highest();
};

}  // namespace skiff
