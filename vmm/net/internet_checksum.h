// The ones' complement sum of IP, TCP and UDP (RFC 1071), over pieces of any length. The sum is
// kept in the byte order of memory, which changes nothing but where a number is put in: add_number.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace skiff {

class InternetSum {
 public:
  // The next bytes of what is summed. At most 2^32 bytes in all.
  void add(std::span<const std::byte> bytes) {
    const std::uint16_t part = fold(sum(bytes));
    sum_ += is_odd_ ? std::byteswap(part) : part;
    is_odd_ = is_odd_ != (bytes.size() % 2 != 0);
  }
  // 16 bits that would stand in network order in an even place.
  void add_number(std::uint16_t number) { sum_ += std::byteswap(number); }
  // 16 bits as memory has them.
  void add_stored(std::uint16_t bytes) { sum_ += bytes; }

  // The sum, and what goes into a checksum field: both as memory has them.
  std::uint16_t folded() const { return fold(sum_); }
  std::uint16_t checksum() const { return static_cast<std::uint16_t>(~folded()); }
  // Over data with its checksum in it.
  bool is_good() const { return folded() == 0xffff; }

 private:
  static std::uint16_t fold(std::uint64_t sum) {
    sum = (sum & 0xffff'ffff) + (sum >> 32);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<std::uint16_t>(sum);
  }
  static std::uint64_t halves(const std::byte* bytes) {
    std::uint64_t word;
    std::memcpy(&word, bytes, sizeof word);
    return (word & 0xffff'ffff) + (word >> 32);
  }
  static std::uint64_t sum(std::span<const std::byte> bytes) {
    constexpr std::size_t kStep = 4 * sizeof(std::uint64_t);
    std::uint64_t even = 0;
    std::uint64_t odd = 0;
    const std::byte* at = bytes.data();
    std::size_t left = bytes.size();
    for (; left >= kStep; left -= kStep, at += kStep) {
      even += halves(at) + halves(at + 8);
      odd += halves(at + 16) + halves(at + 24);
    }
    for (; left >= 8; left -= 8, at += 8)
      even += halves(at);
    std::uint64_t last = 0;
    if (left != 0) std::memcpy(&last, at, left);
    return even + odd + (last & 0xffff'ffff) + (last >> 32);
  }

  std::uint64_t sum_ = 0;
  bool is_odd_ = false;
};

}  // namespace skiff
