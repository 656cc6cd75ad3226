// A flattened device tree, written from front to back by libfdt.
// Source: Devicetree Specification 0.4, chapter 5.
//
// Cells and strings are the caller's own, never a guest's; what libfdt refuses all the same (no
// memory, a tree that grew past its buffer) is a HostError.
// Thread rule: one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace skiff::arm64 {

class FdtWriter {
 public:
  // `capacity`: the most the tree may have. [bytes]
  explicit FdtWriter(std::size_t capacity);

  void begin_node(const std::string& name);
  void end_node();

  void property(const char* name);  // without a value
  void property(const char* name, std::string_view text);
  void property(const char* name, std::initializer_list<std::string_view> texts);
  void cells(const char* name, std::span<const std::uint32_t> values);
  void cells(const char* name, std::initializer_list<std::uint32_t> values) {
    cells(name, std::span(values.begin(), values.size()));
  }
  // Of two cells each.
  void wide(const char* name, std::initializer_list<std::uint64_t> values);
  void bytes(const char* name, std::span<const std::byte> value);

  // Ends the tree; nothing may be written afterwards.
  std::vector<std::byte> finish();

 private:
  void check(int result) const;

  std::vector<std::byte> buffer_;
};

}  // namespace skiff::arm64
