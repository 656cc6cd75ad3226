// The card's EEPROM: 64 words of 16 bits behind EERD, and behind the pins of EECD as a Microwire
// part (93C46) that a driver clocks bit by bit.
//
// Modelled: READ; the other commands are taken and change nothing, as with a write-protected part.
//
// Plain data, total functions; guarded by its owner.
// Source: manual, 5 (map of the words: 5.6), 13.4.3 (EECD), 13.4.4 (EERD).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "vmm/net/mac_address.h"

namespace skiff {

class E1000Eeprom {
 public:
  static constexpr std::size_t kWords = 64;
  static constexpr std::uint16_t kSum = 0xbaba;  // of all words

  explicit E1000Eeprom(const MacAddress& mac);

  std::uint16_t word(std::size_t index) const { return words_[index % kWords]; }
  MacAddress mac() const;

  std::uint32_t read_eecd() const;
  void write_eecd(std::uint32_t value);
  std::uint32_t read_eerd() const { return eerd_; }
  void write_eerd(std::uint32_t value);
  // The pins let go; the words stay.
  void reset();

 private:
  void clock_in(bool bit);

  static constexpr unsigned kCommandBits = 9;  // start, two of the operation, six of the address
  static constexpr unsigned kDataBits = 16;

  std::array<std::uint16_t, kWords> words_{};
  std::uint32_t eecd_ = 0;
  std::uint32_t eerd_ = 0;
  // What was clocked in since chip select; the start bit is the first 1.
  std::uint32_t shifted_ = 0;
  unsigned shifted_bits_ = 0;
  std::uint32_t out_ = 0;  // bits of data still to come, the next one highest in kDataBits + 1
  bool reads_ = false;
  bool out_bit_ = true;  // DO: ready
};

}  // namespace skiff
