// The symbol table a Linux kernel carries in its own memory (CONFIG_KALLSYMS), found without any
// file. Addresses are those at run time, so KASLR is solved by reading.
//
//   older       offsets, relative_base, num_syms, names, markers, token_table, token_index
//   6.1 stable  the same, with three bytes for every symbol between markers and token_table
//   newer       num_syms, names, markers, token_table, token_index, offsets, relative_base, ...
//
// Nothing points there that could be found without a symbol, so the token table is looked for: the
// ten digits are tokens of their own, one after the other, and the index of 256 offsets behind the
// table proves the find. From there the other tables are found by what they must hold.
// Source: Linux scripts/kallsyms.c (what it writes), kernel/kallsyms.c (how it is read).
//
// Thread rule: immutable once found.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vmm/base/range.h"
#include "vmm/linux_guest/linear_reader.h"

namespace skiff {

class Kallsyms {
 public:
  static constexpr std::uint64_t kMaxImage = 256ULL << 20;  // how much is searched [bytes]
  static constexpr std::uint32_t kMaxSymbols = 1U << 20;

  // `image`: where the kernel's image is mapped, from its first byte; at most kMaxImage of it is
  // looked at. Pages that are not mapped are skipped.
  static std::optional<Kallsyms> find(const LinearReader& read, Range image);

  // "start_kernel+0x12"; nothing below the first symbol or more than 1 MiB past the nearest.
  std::optional<std::string> name(std::uint64_t address) const;
  // Where the symbols of these names are, in their order; nothing for one that is not there. One
  // walk over all names.
  std::vector<std::optional<std::uint64_t>> addresses(
      std::span<const std::string_view> names) const;
  std::size_t size() const { return addresses_.size(); }

 private:
  friend class KallsymsTables;

  // The name of the symbol at `index`, without the letter of its type; at most kMaxName bytes.
  std::string expand(std::size_t index) const;
  std::string expand_at(std::size_t offset) const;

  std::vector<std::uint64_t> addresses_;  // ascending
  std::vector<std::uint8_t> names_;       // each a length and as many tokens
  std::vector<std::uint32_t> markers_;    // offset in names_ of every 256th
  std::array<std::string, 256> tokens_;
};

}  // namespace skiff
