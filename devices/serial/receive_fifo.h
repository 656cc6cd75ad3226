// The 16550's receiver FIFO: 16 characters, each with the line errors it came with (PC16550D data
// sheet, 8.4: an error is revealed when its character is at the top). Plain data, total functions.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

namespace skiff {

struct ReceiveFifo {
  static constexpr std::uint8_t kCapacity = 16;

  struct Character {
    std::uint8_t data = 0;
    std::uint8_t errors = 0;  // bits of LSR
    friend bool operator==(const Character&, const Character&) = default;
  };

  std::array<Character, kCapacity> characters{};
  std::uint8_t first = 0;
  std::uint8_t count = 0;

  bool empty() const { return count == 0; }
  Character& at(unsigned index) { return characters[(first + index) % kCapacity]; }
  const Character& at(unsigned index) const { return characters[(first + index) % kCapacity]; }
  Character& top() { return at(0); }

  // False, and nothing changed, when it is full.
  bool push(Character character) {
    if (count >= kCapacity) return false;
    at(count++) = character;
    return true;
  }
  // The top character, or {0, 0} when there is none.
  Character pop() {
    if (empty()) return {};
    const Character character = top();
    first = static_cast<std::uint8_t>((first + 1) % kCapacity);
    --count;
    return character;
  }
  void clear() { first = count = 0; }

  bool has_errors() const {
    for (unsigned index = 0; index < count; ++index) {
      if (at(index).errors != 0) return true;
    }
    return false;
  }

  friend bool operator==(const ReceiveFifo&, const ReceiveFifo&) = default;
};

}  // namespace skiff
