// What a fuzzer's program is read from, and what it claims.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "vmm/base/bytes.h"

namespace skiff {

// A claim that does not hold is a finding.
inline void require(bool holds) {
  if (!holds) std::abort();
}

// The fuzzer's bytes, one after the other; zeros behind their end.
class FuzzInput {
 public:
  explicit FuzzInput(std::span<const std::byte> bytes) : bytes_(bytes) {}

  bool empty() const { return at_ >= bytes_.size(); }
  template <typename T>
  T take() {
    const T value = load_le<T>(bytes_, at_).value_or(T{});
    at_ += sizeof(T);
    return value;
  }
  std::uint8_t byte() { return take<std::uint8_t>(); }
  // As many as are left.
  std::span<const std::byte> bytes(std::size_t most) {
    const std::size_t left = at_ < bytes_.size() ? bytes_.size() - at_ : 0;
    const auto taken = bytes_.subspan(std::min(at_, bytes_.size()), std::min(left, most));
    at_ += taken.size();
    return taken;
  }

 private:
  std::span<const std::byte> bytes_;
  std::size_t at_ = 0;
};

}  // namespace skiff
