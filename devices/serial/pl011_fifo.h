// The PL011's receive FIFO: 32 characters with the errors they came with (ARM DDI 0183, 2.4.3 and
// table 2-2; 32 since r1p5). Plain data, total functions.
#pragma once

#include <array>
#include <cstdint>

namespace skiff {

struct Pl011Fifo {
  static constexpr std::uint8_t kCapacity = 32;

  std::array<std::uint16_t, kCapacity> characters{};  // as UARTDR shows them
  std::uint8_t first = 0;
  std::uint8_t count = 0;

  bool empty() const { return count == 0; }
  // False, and nothing changed, when it is full.
  bool push(std::uint16_t character) {
    if (count >= kCapacity) return false;
    characters[(first + count) % kCapacity] = character;
    ++count;
    return true;
  }
  std::uint16_t& last() { return characters[(first + count + kCapacity - 1U) % kCapacity]; }
  // The oldest, or 0 when there is none.
  std::uint16_t pop() {
    if (empty()) return 0;
    const std::uint16_t character = characters[first];
    first = static_cast<std::uint8_t>((first + 1) % kCapacity);
    --count;
    return character;
  }
  void clear() { first = count = 0; }

  friend bool operator==(const Pl011Fifo&, const Pl011Fifo&) = default;
};

}  // namespace skiff
