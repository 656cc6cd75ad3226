// KVM's variable-length arguments: a header with a count, and that many entries right behind it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace skiff {

template <typename Header, typename Entry>
class KvmList {
 public:
  // Zero-filled; the caller sets the header's count.
  explicit KvmList(std::size_t count)
      : count_(count), words_((sizeof(Header) + count * sizeof(Entry) + 7) / 8) {}

  Header& header() { return *reinterpret_cast<Header*>(words_.data()); }
  std::span<Entry> entries() {
    auto* const behind = reinterpret_cast<std::byte*>(words_.data()) + sizeof(Header);
    return {reinterpret_cast<Entry*>(behind), count_};
  }
  const void* argument() { return words_.data(); }

 private:
  const std::size_t count_;
  std::vector<std::uint64_t> words_;  // for the alignment
};

}  // namespace skiff
