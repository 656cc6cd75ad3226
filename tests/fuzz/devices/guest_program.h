// A fuzzer's bytes read as a program of a guest: what it does to a device, in what order.
// Past the end everything reads as 0.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "vmm/io/io_device.h"

namespace skiff {

class GuestProgram {
 public:
  GuestProgram(const std::uint8_t* data, std::size_t size) : bytes_(data, size) {}

  bool at_end() const { return bytes_.empty(); }
  std::uint8_t byte() {
    if (bytes_.empty()) return 0;
    const std::uint8_t value = bytes_.front();
    bytes_ = bytes_.subspan(1);
    return value;
  }
  std::uint64_t value(unsigned width) {
    std::uint64_t result = 0;
    for (unsigned i = 0; i < width; ++i)
      result |= std::uint64_t{byte()} << (8 * i);
    return result;
  }
  std::span<const std::byte> text(std::size_t limit) {
    const auto taken = bytes_.first(limit < bytes_.size() ? limit : bytes_.size());
    bytes_ = bytes_.subspan(taken.size());
    return std::as_bytes(taken);
  }
  // Mostly inside the registers, sometimes anywhere.
  IoAccess access(std::uint64_t registers) {
    const std::uint8_t choice = byte();
    if (choice == 0xff) return {value(8), byte()};
    constexpr std::uint8_t kWidths[] = {1, 2, 4, 8};
    return {(choice & 0x1fU) % (registers + 2), kWidths[choice < 0xc0 ? 0 : choice >> 4 & 3]};
  }
  // A string instruction's: the exit loop gives no other widths.
  IoAccess string_access(std::uint64_t registers) {
    constexpr std::uint8_t kWidths[] = {1, 1, 2, 4};
    const std::uint8_t choice = byte();
    return {(choice & 0x1fU) % (registers + 2), kWidths[choice >> 6]};
  }

 private:
  std::span<const std::uint8_t> bytes_;
};

// An answer must stay inside its width, a refusal must not touch the value.
void check_read(IoDevice& device, IoAccess access);

}  // namespace skiff
