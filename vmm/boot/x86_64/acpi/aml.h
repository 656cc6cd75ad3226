// A writer for ACPI Machine Language (ACPI 6.4, chapter 20). Each function returns one encoded
// term, so that a table in C++ reads like its ASL:
//
//   aml::scope("\\_SB", {
//     aml::device("COM1", {
//       aml::name("_HID", aml::eisa_id("PNP0501")),
//       aml::name("_CRS", aml::resources({aml::io_ports({0x3f8, 8}), aml::interrupt(irq)})),
//     }),
//   })
//
// Names are path strings: segments of up to four characters, padded with '_', joined by '.', with a
// leading '\\' or '^'s. A malformed name is a bug (assert).
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace skiff::aml {

// Encoded bytes. A std::string keeps the many short terms free of allocations.
struct Term {
  std::string bytes;
};
using Terms = std::vector<Term>;

// All terms one after the other.
Term sequence(const Terms& terms);

// Data objects (20.2.3).
Term integer(std::uint64_t value);
Term string(std::string_view text);
Term buffer(std::string_view bytes);
Term package(const Terms& elements);
Term eisa_id(std::string_view id);                     // "PNP0A08", compressed
Term uuid(const std::array<std::uint8_t, 16>& bytes);  // in the order ToUUID stores them

// Objects of the namespace (20.2.5).
Term name(std::string_view path, const Term& value);
Term scope(std::string_view path, const Terms& body);
Term device(std::string_view path, const Terms& body);
Term method(std::string_view path, unsigned arguments, bool serialized, const Terms& body);

// Statements and expressions inside methods.
Term arg(unsigned index);    // 0 to 6
Term local(unsigned index);  // 0 to 7
Term ref(std::string_view path);
Term create_dword_field(const Term& source, unsigned byte_index, std::string_view path);
Term store(const Term& source, const Term& target);
Term bit_and(const Term& a, const Term& b, const Term& target);
Term bit_or(const Term& a, const Term& b, const Term& target);
Term equal(const Term& a, const Term& b);
Term not_equal(const Term& a, const Term& b);
Term if_then(const Term& condition, const Terms& body);
Term otherwise(const Terms& body);  // directly after an if_then
Term return_value(const Term& value);

}  // namespace skiff::aml
