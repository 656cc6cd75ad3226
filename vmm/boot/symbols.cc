#include "vmm/boot/symbols.h"

#include <elf.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "vmm/base/bits.h"
#include "vmm/base/bytes.h"
#include "vmm/base/error.h"
#include "vmm/boot/elf.h"
#include "vmm/boot/kernel_image.h"

namespace skiff {
namespace {

constexpr std::uint64_t kMaxBytes = 64 * MiB;  // of a System.map, a .symtab or a .strtab
constexpr std::uint64_t kMaxOffset = MiB;
constexpr unsigned kMaxSections = 4096;

[[noreturn]] void refuse_symbols(const ByteSource& file, std::string_view why) {
  throw ConfigError(fmt::format("{} {}", file.name(), why));
}

template <typename Element>
std::vector<Element> read_table(ByteSource& file, std::uint64_t offset, std::uint64_t bytes) {
  if (bytes > kMaxBytes) refuse_symbols(file, "has a symbol table of more than 64 MiB");
  std::vector<Element> table(static_cast<std::size_t>(bytes / sizeof(Element)));
  file.read(offset, std::as_writable_bytes(std::span(table)));
  return table;
}

}  // namespace

SymbolTable SymbolTable::load(const std::string& path) {
  KernelImage file = KernelImage::open(path, "symbols");
  return parse(file);
}

SymbolTable SymbolTable::parse(ByteSource& file) {
  std::byte head[EI_NIDENT]{};
  file.read_head(head);
  SymbolTable table;
  if (!is_elf(head)) {
    table.parse_map(file, file.size().value());
  } else if (head[EI_DATA] != std::byte{ELFDATA2LSB}) {
    refuse_symbols(file, "is a big-endian ELF file");
  } else if (head[EI_CLASS] == std::byte{ELFCLASS64}) {
    table.parse_elf_symbols<Elf64_Ehdr, Elf64_Shdr, Elf64_Sym>(file);
  } else {
    table.parse_elf_symbols<Elf32_Ehdr, Elf32_Shdr, Elf32_Sym>(file);
  }
  table.finish();
  return table;
}

template <typename FileHeader, typename SectionHeader, typename ElfSymbol>
void SymbolTable::parse_elf_symbols(ByteSource& file) {
  const auto header = read_object<FileHeader>(file, 0);
  if (header.e_shnum == 0) return;
  if (header.e_shentsize != sizeof(SectionHeader) || header.e_shnum > kMaxSections) {
    refuse_symbols(file, "is an ELF file with broken section headers");
  }
  const auto sections =
      read_table<SectionHeader>(file, header.e_shoff, header.e_shnum * sizeof(SectionHeader));
  const auto symtab = std::ranges::find(
      sections, static_cast<decltype(SectionHeader::sh_type)>(SHT_SYMTAB), &SectionHeader::sh_type);
  if (symtab == sections.end()) return;  // stripped
  if (symtab->sh_link >= sections.size())
    refuse_symbols(file, "is an ELF file without symbol names");
  const SectionHeader& strings = sections[symtab->sh_link];
  const auto symbols = read_table<ElfSymbol>(file, symtab->sh_offset, symtab->sh_size);
  const auto names = read_table<char>(file, strings.sh_offset, strings.sh_size);
  names_.assign(names.begin(), names.end());
  names_.push_back('\0');
  for (const ElfSymbol& symbol : symbols) {
    const unsigned type = symbol.st_info & 0xf;
    if (symbol.st_shndx == SHN_UNDEF || type > STT_FUNC) continue;  // sections, files, TLS
    if (symbol.st_name >= names_.size() || names_[symbol.st_name] == '\0') continue;
    symbols_.push_back({symbol.st_value, symbol.st_name});
  }
}

// Lines of "<hex address> <type letter> <name>"; the name ends at a blank (modules follow it).
void SymbolTable::parse_map(ByteSource& file, std::uint64_t size) {
  const auto text = read_table<char>(file, 0, size);
  names_.assign(text.begin(), text.end());
  names_.push_back('\n');
  std::size_t line = 0;
  while (line + 1 < names_.size()) {
    const std::size_t end = names_.find('\n', line);
    const char* const begin = names_.data() + line;
    std::uint64_t address = 0;
    const auto [after, error] = std::from_chars(begin, names_.data() + end, address, 16);
    const auto digits = static_cast<std::size_t>(after - begin);
    const std::size_t name = line + digits + 3;
    if (error != std::errc() || name >= end || names_[name - 3] != ' ' || names_[name - 1] != ' ') {
      refuse_symbols(file, fmt::format("is neither an ELF file nor a System.map (byte {})", line));
    }
    names_[std::min(end, names_.find_first_of(" \t\r", name))] = '\0';
    if (names_[name] != '\0') symbols_.push_back({address, static_cast<std::uint32_t>(name)});
    line = end + 1;
  }
}

void SymbolTable::finish() {
  std::ranges::sort(symbols_, {},
                    [](const Symbol& symbol) { return std::pair(symbol.address, symbol.name); });
  symbols_.shrink_to_fit();
}

std::optional<SymbolTable::Hit> SymbolTable::find(std::uint64_t address) const {
  const auto above = std::ranges::upper_bound(symbols_, address, {}, &Symbol::address);
  if (above == symbols_.begin()) return std::nullopt;
  const Symbol& symbol = *std::prev(above);
  if (address - symbol.address > kMaxOffset) return std::nullopt;
  return Hit{std::string_view(names_.c_str() + symbol.name), address - symbol.address};
}

std::optional<std::uint64_t> SymbolTable::address(std::string_view name) const {
  const auto found = std::ranges::find_if(symbols_, [&](const Symbol& symbol) {
    return std::string_view(names_.c_str() + symbol.name) == name;
  });
  if (found == symbols_.end()) return std::nullopt;
  return found->address;
}

}  // namespace skiff
