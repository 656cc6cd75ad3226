#include "vmm/boot/elf.h"

#include <elf.h>

#include <array>

#include "tests/unit/boot/boot_images.h"
#include "vmm/base/bits.h"
#include "vmm/boot/elf_loader.h"

namespace skiff {
namespace {

using test::Bytes;
using test::error_of;
using ::testing::HasSubstr;

ElfFile parse(const Bytes& bytes) {
  BytesSource source("kernel K", bytes);
  return parse_elf(source);
}

TEST(Elf, Parses64And32Bits) {
  const ElfFile elf64 = parse(test::make_elf64());
  EXPECT_EQ(elf64.bits, 64U);
  EXPECT_EQ(elf64.machine, EM_X86_64);
  EXPECT_EQ(elf64.entry, 0x10'0010U);
  ASSERT_EQ(elf64.segments.size(), 1U);
  EXPECT_EQ(elf64.segments[0].memory_size, 0x2000U);
  const ElfFile elf32 = parse(test::make_elf32({.address = 0x20'0000}));
  EXPECT_EQ(elf32.bits, 32U);
  EXPECT_EQ(elf32.segments.at(0).address, 0x20'0000U);
}

TEST(Elf, SegmentsComeInFileOrderAndEmptyOnesNot) {
  Bytes image = test::make_elf64();
  Elf64_Phdr load;
  std::memcpy(&load, image.data() + 64, sizeof(load));
  Elf64_Phdr earlier = load;
  earlier.p_offset = 0x800;
  Elf64_Phdr empty = load;
  empty.p_filesz = empty.p_memsz = 0;
  empty.p_paddr = 0;
  test::patch(image, 64 + sizeof(load), earlier);
  test::patch(image, 64 + 2 * sizeof(load), empty);
  test::patch(image, offsetof(Elf64_Ehdr, e_phnum), std::uint16_t{3});
  const ElfFile elf = parse(image);
  ASSERT_EQ(elf.segments.size(), 2U);
  EXPECT_EQ(elf.segments[0].file_offset, 0x800U);
}

TEST(Elf, EveryTruncationIsRefused) {
  const Bytes image = test::make_elf64({.notes = test::make_note("Xen", 18, Bytes(4))});
  for (std::size_t size = 0; size < image.size(); ++size) {
    const Bytes cut(image.begin(), image.begin() + static_cast<std::ptrdiff_t>(size));
    BytesSource source("kernel K", cut);
    EXPECT_THROW(read_notes(source, parse_elf(source)), ConfigError) << size;
  }
}

TEST(Elf, NamesTheMachineItIsFor) {
  Bytes image = test::make_elf64();
  test::patch(image, offsetof(Elf64_Ehdr, e_machine), std::uint16_t{EM_AARCH64});
  BytesSource source("kernel K", image);
  EXPECT_THAT(error_of<ConfigError>(
                  [&] { require_machine(parse_elf(source), source, {EM_X86_64, EM_386}); }),
              HasSubstr("kernel K is an ELF file for aarch64; x86_64 or i386 is needed"));
}

TEST(Elf, ReadsNotesOfAnyLength) {
  Bytes notes = test::make_note("GNU", 3, Bytes(5, std::byte{7}));
  const Bytes second = test::make_note("Xen", 18, Bytes(4, std::byte{1}));
  notes.insert(notes.end(), second.begin(), second.end());
  notes.resize(notes.size() + 3);  // too short for another header
  const Bytes image = test::make_elf64({.notes = notes});
  BytesSource source("kernel K", image);
  const auto found = read_notes(source, parse_elf(source));
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].name, "GNU");
  EXPECT_EQ(found[0].description.size(), 5U);
  EXPECT_EQ(found[1].name, "Xen");
  EXPECT_EQ(found[1].type, 18U);
}

TEST(Elf, BrokenNotesAreRefused) {
  for (const std::uint32_t size : {17U, 0x7fff'ffffU, 0xffff'ffffU, 0xffff'fffcU}) {
    for (const std::size_t field : {0U, 4U}) {
      Bytes notes = test::make_note("Xen", 18, Bytes(4));
      test::patch(notes, field, size);
      const Bytes image = test::make_elf64({.notes = notes});
      BytesSource source("kernel K", image);
      EXPECT_THAT(error_of<ConfigError>([&] { read_notes(source, parse_elf(source)); }),
                  HasSubstr("ELF note runs past"));
    }
  }
}

TEST(Elf, NotesAreBounded) {
  Bytes image = test::make_elf64({.notes = Bytes(16)});
  test::patch(image, 64 + sizeof(Elf64_Phdr) + offsetof(Elf64_Phdr, p_filesz), MiB + 1);
  BytesSource source("kernel K", image);
  EXPECT_THAT(error_of<ConfigError>([&] { read_notes(source, parse_elf(source)); }),
              HasSubstr("more than 1 MiB"));
}

TEST(Elf, LoadsAndClearsTheRest) {
  const std::array ranges = {Range{0, 4 * MiB}};
  const GuestMemory memory(ranges, {.huge_pages = HugePages::off});
  const std::array map = {MemoryMapEntry{{0, 4 * MiB}, MemoryType::usable}};
  memory.fill(GuestAddress(0), 4 * MiB, std::byte{0xee});
  BootLayout layout(memory, map, {});
  const Bytes image = test::make_elf64();
  BytesSource source("kernel K", image);
  load_elf(source, parse_elf(source), layout, "kernel", false);
  const auto bytes = *memory.slice(GuestAddress(0xf'ffff), 0x2002);
  EXPECT_EQ(bytes[0], std::byte{0xee});
  EXPECT_EQ(bytes[1], std::byte{0xc0});
  EXPECT_EQ(bytes[0x100], std::byte{(0xc0 + 0xff) & 0xff});
  EXPECT_EQ(bytes[0x101], std::byte{0});
  EXPECT_EQ(bytes[0x2000], std::byte{0});
  EXPECT_EQ(bytes[0x2001], std::byte{0xee});
  ASSERT_EQ(layout.taken().size(), 1U);
  EXPECT_EQ(layout.taken()[0].range, (Range{0x10'0000, 0x2000}));
}

TEST(Elf, EntryIsPhysicalElseVirtual) {
  const ElfFile elf = parse(test::make_elf64({.virtual_address = 0xffff'ffff'8010'0000}));
  EXPECT_EQ(physical_entry(elf, 0x10'1fff), 0x10'1fffU);
  EXPECT_EQ(physical_entry(elf, 0x10'2000), std::nullopt);
  EXPECT_EQ(physical_entry(elf, 0xffff'ffff'8010'0123), 0x10'0123U);
  EXPECT_EQ(physical_entry(elf, 0), std::nullopt);
  EXPECT_EQ(physical_entry(elf, ~0ULL), std::nullopt);
}

}  // namespace
}  // namespace skiff
