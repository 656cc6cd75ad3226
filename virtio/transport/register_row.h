// One register of a layout, as its table lists it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "virtio/core/transport_registers.h"
#include "vmm/io/io_access.h"

namespace skiff {

enum class RowAccess : std::uint8_t { read_only, write_only, read_write };

struct RegisterRow {
  std::uint16_t offset;
  std::uint8_t width;  // [bytes]
  RowAccess access;
  std::string_view name;                   // the specification's
  std::optional<TransportRegister> reg{};  // nothing: the layout's own
  RegisterPart part = RegisterPart::whole;

  bool readable() const { return access != RowAccess::write_only; }
  bool writable() const { return access != RowAccess::read_only; }
};

// The row an access means, or why there is none.
struct RowMatch {
  const RegisterRow* row = nullptr;
  IoStatus status = IoStatus::no_such_register;
};

inline RowMatch match_row(std::span<const RegisterRow> rows, IoAccess access) {
  RowMatch match;
  for (const RegisterRow& row : rows) {
    if (row.offset == access.offset && row.width == access.width) return {&row, IoStatus::ok};
    const bool inside = access.offset >= row.offset && access.offset - row.offset < row.width;
    if (inside) match.status = IoStatus::bad_width;
  }
  return match;
}

inline std::string_view row_name(std::span<const RegisterRow> rows, std::uint64_t offset) {
  const auto row = std::ranges::find_if(rows, [offset](const RegisterRow& each) {
    return offset >= each.offset && offset - each.offset < each.width;
  });
  return row == rows.end() ? std::string_view() : row->name;
}

}  // namespace skiff
