#include "vmm/boot/symbols.h"

#include <elf.h>

#include "tests/unit/boot/boot_images.h"
#include "vmm/base/bits.h"

namespace skiff {
namespace {

using test::Bytes;
using test::error_of;
using ::testing::HasSubstr;

SymbolTable parse_symbols(const Bytes& bytes) {
  BytesSource source("symbols S", bytes);
  return SymbolTable::parse(source);
}

std::string show(const SymbolTable& table, std::uint64_t address) {
  const auto hit = table.find(address);
  if (!hit) return "-";
  return std::string(hit->name) + "+" + std::to_string(hit->offset);
}

// Sections: 0 null, 1 .symtab, 2 .strtab.
constexpr std::size_t kSections = 0x2000, kSymbols = 0x3000, kStrings = 0x4000;
Bytes make_elf_with_symbols() {
  Bytes image = test::make_elf64();
  test::patch(image, offsetof(Elf64_Ehdr, e_shoff), std::uint64_t{kSections});
  test::patch(image, offsetof(Elf64_Ehdr, e_shentsize), std::uint16_t{sizeof(Elf64_Shdr)});
  test::patch(image, offsetof(Elf64_Ehdr, e_shnum), std::uint16_t{3});
  const std::string names("\0start\0middle\0a_file", 20);
  test::patch_text(image, kStrings, names);
  const Elf64_Sym symbols[] = {
      {},
      {.st_name = 7,
       .st_info = STT_FUNC,
       .st_other = 0,
       .st_shndx = 1,
       .st_value = 0x2000,
       .st_size = 16},
      {.st_name = 1,
       .st_info = STT_NOTYPE,
       .st_other = 0,
       .st_shndx = 1,
       .st_value = 0x1000,
       .st_size = 0},
      {.st_name = 14,
       .st_info = STT_FILE,
       .st_other = 0,
       .st_shndx = SHN_ABS,
       .st_value = 0x1500,
       .st_size = 0},
      {.st_name = 7,
       .st_info = STT_FUNC,
       .st_other = 0,
       .st_shndx = SHN_UNDEF,
       .st_value = 0,
       .st_size = 0},
      {.st_name = 5000,
       .st_info = STT_FUNC,
       .st_other = 0,
       .st_shndx = 1,
       .st_value = 0x1600,
       .st_size = 0},
  };
  test::patch(image, kSymbols, symbols);
  Elf64_Shdr symtab{}, strtab{};
  symtab.sh_type = SHT_SYMTAB;
  symtab.sh_offset = kSymbols;
  symtab.sh_size = sizeof(symbols);
  symtab.sh_link = 2;
  strtab.sh_type = SHT_STRTAB;
  strtab.sh_offset = kStrings;
  strtab.sh_size = names.size();
  test::patch(image, kSections, Elf64_Shdr{});
  test::patch(image, kSections + sizeof(symtab), symtab);
  test::patch(image, kSections + 2 * sizeof(symtab), strtab);
  image.resize(std::max(image.size(), kStrings + names.size()));
  return image;
}

TEST(Symbols, FromSystemMap) {
  const SymbolTable table =
      parse_symbols(test::to_bytes("ffffffff81000100 T later\n"
                                   "ffffffff81000000 T _text\n"
                                   "ffffffff81000200 t in_module [a_module]\n"));
  EXPECT_EQ(table.size(), 3U);
  EXPECT_EQ(show(table, 0xffff'ffff'8100'0000), "_text+0");
  EXPECT_EQ(show(table, 0xffff'ffff'8100'00ff), "_text+255");
  EXPECT_EQ(show(table, 0xffff'ffff'8100'0100), "later+0");
  EXPECT_EQ(show(table, 0xffff'ffff'8100'0210), "in_module+16");
  EXPECT_EQ(show(table, 0xffff'ffff'80ff'ffff), "-");
  EXPECT_EQ(show(table, 0xffff'ffff'8110'0201), "-");  // too far for a name to be true
}

TEST(Symbols, FromElf) {
  const SymbolTable table = parse_symbols(make_elf_with_symbols());
  EXPECT_EQ(table.size(), 2U);
  EXPECT_EQ(show(table, 0x1700), "start+1792");
  EXPECT_EQ(show(table, 0x2001), "middle+1");
}

TEST(Symbols, StrippedElfHasNone) {
  EXPECT_EQ(parse_symbols(test::make_elf64()).size(), 0U);
  EXPECT_EQ(parse_symbols(test::make_elf32()).find(0x1000), std::nullopt);
}

TEST(Symbols, BrokenTextIsRefused) {
  for (const char* text :
       {"hello\n", "12345678\n", "12345678 T\n", "12345678 T \n", "12345678Tname\n", " \n",
        "1234567812345678f T x\n", "1 T ok\nx\n", "0x10 T a\n", "-1 T a\n"}) {
    EXPECT_THAT(error_of<ConfigError>([&] { parse_symbols(test::to_bytes(text)); }),
                HasSubstr("symbols S is neither"))
        << text;
  }
}

TEST(Symbols, EveryTruncationIsRefusedOrShorter) {
  const Bytes image = make_elf_with_symbols();
  for (std::size_t size = 0; size < image.size(); size += size < 0x40 ? 1 : 13) {
    try {
      EXPECT_LE(
          parse_symbols(Bytes(image.begin(), image.begin() + static_cast<std::ptrdiff_t>(size)))
              .size(),
          2U);
    } catch (const ConfigError&) {
    }
  }
}

TEST(Symbols, BrokenElfIsRefused) {
  const auto section = [](std::size_t index, std::size_t field) {
    return kSections + index * sizeof(Elf64_Shdr) + field;
  };
  struct Case {
    std::size_t offset;
    std::uint64_t value;
    std::size_t width;
  };
  const Case cases[] = {
      {offsetof(Elf64_Ehdr, e_shoff), ~0ULL, 8},
      {offsetof(Elf64_Ehdr, e_shentsize), 8, 2},
      {offsetof(Elf64_Ehdr, e_shnum), 0xffff, 2},
      {section(1, offsetof(Elf64_Shdr, sh_link)), 3, 4},
      {section(1, offsetof(Elf64_Shdr, sh_offset)), ~0ULL - 3, 8},
      {section(1, offsetof(Elf64_Shdr, sh_size)), ~0ULL, 8},
      {section(1, offsetof(Elf64_Shdr, sh_size)), 64 * MiB + 1, 8},
      {section(2, offsetof(Elf64_Shdr, sh_size)), MiB, 8},
      {section(2, offsetof(Elf64_Shdr, sh_offset)), 1ULL << 63, 8},
      {EI_DATA, ELFDATA2MSB, 1},
  };
  for (const Case& broken : cases) {
    Bytes image = make_elf_with_symbols();
    std::memcpy(image.data() + broken.offset, &broken.value, broken.width);
    EXPECT_THAT(error_of<ConfigError>([&] { parse_symbols(image); }), HasSubstr("symbols S"))
        << broken.offset;
  }
}

}  // namespace
}  // namespace skiff
