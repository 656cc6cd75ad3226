// Names for addresses in reports: the symbol table of a vmlinux (.symtab) or a System.map.
// Loaded only when a report needs it; whatever the file holds, loading it is bounded.
// Thread rule: immutable once loaded.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vmm/boot/byte_source.h"

namespace skiff {

class SymbolTable {
 public:
  struct Hit {
    std::string_view name;  // lives as long as the table
    std::uint64_t offset;   // address - start of the symbol
  };

  // ELF (32 or 64 bits) or System.map text, told by the file's magic. Throws ConfigError or
  // HostError, naming the file, where it cannot be read or is neither.
  static SymbolTable load(const std::string& path);
  static SymbolTable parse(ByteSource& file);

  // The symbol at or below `address`; nothing below the first one or more than 1 MiB past the start
  // of the nearest, where a name would be a lie.
  std::optional<Hit> find(std::uint64_t address) const;
  // Where a symbol of this name is; nothing if there is none.
  std::optional<std::uint64_t> address(std::string_view name) const;
  std::size_t size() const { return symbols_.size(); }

 private:
  struct Symbol {
    std::uint64_t address;
    std::uint32_t name;  // offset of a string in names_, ended by a NUL
  };

  template <typename FileHeader, typename SectionHeader, typename ElfSymbol>
  void parse_elf_symbols(ByteSource& file);
  void parse_map(ByteSource& file, std::uint64_t size);
  void finish();

  std::vector<Symbol> symbols_;  // ascending
  std::string names_;
};

}  // namespace skiff
