#include "vmm/boot/x86_64/acpi/table.h"

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstring>

namespace skiff::acpi {
namespace {

template <std::size_t N>
void put(std::array<char, N>& field, std::string_view text) {
  assert(text.size() <= N);
  std::ranges::copy(text, field.begin());
}

}  // namespace

TableHeader table_header(std::string_view signature, std::uint8_t revision) {
  TableHeader header;
  put(header.signature, signature);
  header.revision = revision;
  put(header.oem_id, "SKIFF ");
  put(header.oem_table_id, "SKIFFVM ");
  header.oem_revision = 1;
  put(header.creator_id, "SKIF");
  header.creator_revision = 1;
  return header;
}

std::uint8_t checksum(std::string_view bytes) {
  unsigned sum = 0;
  for (const char byte : bytes)
    sum += static_cast<unsigned char>(byte);
  return static_cast<std::uint8_t>(0U - sum);
}

void seal(std::string& table) {
  assert(table.size() >= sizeof(TableHeader));
  const auto length = static_cast<std::uint32_t>(table.size());
  std::memcpy(table.data() + offsetof(TableHeader, length), &length, sizeof length);
  char& sum = table[offsetof(TableHeader, checksum)];
  sum = 0;
  sum = static_cast<char>(checksum(table));
}

}  // namespace skiff::acpi
