// ELF32 and ELF64 executables (System V ABI, chapters 4 and 5): headers and notes, checked before
// anything is believed. Little-endian only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "vmm/boot/byte_source.h"

namespace skiff {

struct ElfSegment {
  std::uint64_t file_offset = 0;
  std::uint64_t file_size = 0;  // <= memory_size
  std::uint64_t address = 0;    // physical (p_paddr)
  std::uint64_t virtual_address = 0;
  std::uint64_t memory_size = 0;  // not 0; address + memory_size does not wrap
};

struct ElfNoteArea {
  std::uint64_t file_offset = 0;
  std::uint64_t size = 0;
};

struct ElfFile {
  unsigned bits = 64;  // 32 or 64
  std::uint16_t machine = 0;
  std::uint64_t entry = 0;
  std::vector<ElfSegment> segments;  // PT_LOAD, ascending file offset
  std::vector<ElfNoteArea> notes;    // PT_NOTE
};

struct ElfNote {
  std::string name;
  std::uint32_t type = 0;
  std::vector<std::byte> description;
};

// True if these first bytes carry the ELF magic.
bool is_elf(std::span<const std::byte> head);
// Throws ConfigError naming the image and what is wrong: truncated, wrong endianness, not an
// executable, a header size nobody writes, a segment that wraps or whose file part exceeds its
// memory part, no segment at all.
ElfFile parse_elf(ByteSource& image);
// Throws ConfigError ("... is an ELF file for aarch64") unless elf.machine (an EM_ value) is in the
// list.
void require_machine(const ElfFile& elf, const ByteSource& image,
                     std::initializer_list<std::uint16_t> machines);
std::string machine_name(std::uint16_t machine);

// All notes of all PT_NOTE segments, at most 1 MiB of them. Throws ConfigError on a broken one.
std::vector<ElfNote> read_notes(ByteSource& image, const ElfFile& elf);

}  // namespace skiff
