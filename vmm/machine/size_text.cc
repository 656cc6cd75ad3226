#include "vmm/machine/size_text.h"

#include <fmt/core.h>

#include <array>
#include <cstddef>
#include <optional>

#include "vmm/base/bits.h"

namespace skiff {
namespace {

constexpr std::string_view kUnits = "KMGT";
constexpr std::string_view kHowToWrite =
    "a size is a number and a unit, such as \"512M\" or \"4G\"";

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// The shift a unit stands for: "M", "m", "MB", "MiB": 20. Nothing: not a unit.
std::optional<unsigned> unit_shift(std::string_view unit) {
  if (unit.empty() || unit == "B" || unit == "b") return 0U;
  const char letter = static_cast<char>(unit[0] & ~0x20);
  const auto index = kUnits.find(letter);
  if (index == std::string_view::npos) return std::nullopt;
  const std::string_view rest = unit.substr(1);
  if (!rest.empty() && rest != "B" && rest != "iB" && rest != "b" && rest != "ib") {
    return std::nullopt;
  }
  return 10 * (static_cast<unsigned>(index) + 1);
}

}  // namespace

std::expected<std::uint64_t, std::string> parse_size(std::string_view text) {
  if (text.empty()) return std::unexpected(std::string("is empty; ") + std::string(kHowToWrite));
  if (text[0] == '-') return std::unexpected(std::string("is negative"));
  std::size_t at = 0;
  unsigned __int128 number = 0;
  std::uint64_t scale = 1;  // 10 to the number of digits after the point
  bool point = false;
  std::size_t digits = 0;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '.' && !point) {
      point = true;
    } else if (is_digit(c)) {
      if (++digits > 20 || (point && scale >= 1'000'000'000)) {
        return std::unexpected(std::string("has too many digits"));
      }
      number = number * 10 + static_cast<unsigned>(c - '0');
      if (point) scale *= 10;
    } else {
      break;
    }
  }
  if (digits == 0 || (point && scale == 1)) {
    return std::unexpected(std::string("is not a size; ") + std::string(kHowToWrite));
  }
  std::string_view unit = text.substr(at);
  while (!unit.empty() && unit[0] == ' ')
    unit.remove_prefix(1);
  const auto shift = unit_shift(unit);
  if (!shift) {
    return std::unexpected(fmt::format("has an unknown unit; {} (units: K, M, G, T)", kHowToWrite));
  }
  // 20 digits and a shift of 40 stay below 2^107.
  number <<= *shift;
  if (number % scale != 0) return std::unexpected(std::string("is not a whole number of bytes"));
  number /= scale;
  if (number >> 64 != 0) return std::unexpected(std::string("is more than 64 bits can count"));
  return static_cast<std::uint64_t>(number);
}

std::string format_size(std::uint64_t bytes) {
  unsigned unit = 0;
  while (bytes != 0 && unit < kUnits.size() && bytes % 1024 == 0) {
    bytes /= 1024;
    ++unit;
  }
  return unit == 0 ? fmt::format("{}", bytes) : fmt::format("{}{}", bytes, kUnits[unit - 1]);
}

}  // namespace skiff
