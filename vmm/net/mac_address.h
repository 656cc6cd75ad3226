// An IEEE 802 address of six bytes.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace skiff {

struct MacAddress {
  std::array<std::uint8_t, 6> bytes{};

  // "52:54:00:12:34:56", either case; nothing for everything else. Group and zero addresses parse:
  // whether they make sense is the caller's question (is_unicast).
  static std::optional<MacAddress> parse(std::string_view text);
  // A locally administered unicast address from the host's entropy. Draw it once per configuration,
  // so that a guest keeps its address through a reset.
  static MacAddress random();

  std::string text() const;
  bool is_multicast() const { return (bytes[0] & 1) != 0; }  // broadcast among them
  bool is_zero() const { return *this == MacAddress{}; }
  bool is_unicast() const { return !is_multicast() && !is_zero(); }

  friend bool operator==(const MacAddress&, const MacAddress&) = default;
};

}  // namespace skiff
