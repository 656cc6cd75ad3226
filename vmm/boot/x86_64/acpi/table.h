// What every ACPI table has (ACPI 6.4, 5.2.6): a header, and bytes that sum to zero.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

namespace skiff::acpi {

struct [[gnu::packed]] TableHeader {
  std::array<char, 4> signature{};
  std::uint32_t length = 0;
  std::uint8_t revision = 0;
  std::uint8_t checksum = 0;
  std::array<char, 6> oem_id{};
  std::array<char, 8> oem_table_id{};
  std::uint32_t oem_revision = 0;
  std::array<char, 4> creator_id{};
  std::uint32_t creator_revision = 0;
};
static_assert(sizeof(TableHeader) == 36);

// Generic Address Structure (5.2.3.2).
struct [[gnu::packed]] GenericAddress {
  std::uint8_t space = 0;  // 1: system I/O
  std::uint8_t bit_width = 0;
  std::uint8_t bit_offset = 0;
  std::uint8_t access_size = 0;  // 1: byte, 2: word
  std::uint64_t address = 0;
};
static_assert(sizeof(GenericAddress) == 12);

TableHeader table_header(std::string_view signature, std::uint8_t revision);

// The value that makes the bytes sum to zero modulo 256.
std::uint8_t checksum(std::string_view bytes);

// Appends the bytes of a packed structure.
template <typename T>
  requires std::is_trivially_copyable_v<T>
void append(std::string& bytes, const T& value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}

// Sets length and checksum in the header that `table` begins with.
void seal(std::string& table);

}  // namespace skiff::acpi
