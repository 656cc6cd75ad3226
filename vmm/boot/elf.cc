#include "vmm/boot/elf.h"

#include <elf.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "vmm/base/bits.h"
#include "vmm/base/bytes.h"
#include "vmm/base/error.h"

namespace skiff {
namespace {

constexpr unsigned kMaxSegments = 256;  // Linux has 5; a bound, so that checks stay cheap

[[noreturn]] void refuse(const ByteSource& image, const std::string& why) {
  throw ConfigError(fmt::format("{} {}", image.name(), why));
}

std::string type_name(std::uint16_t type) {
  switch (type) {
    case ET_REL:
      return "a relocatable object (.o); link it first";
    case ET_DYN:
      return "a position-independent program or library; link it with -no-pie -static";
    case ET_CORE:
      return "a core dump";
    default:
      return fmt::format("of unknown type {}", type);
  }
}

template <typename Header>
ElfSegment checked_segment(const ByteSource& image, const Header& header, unsigned index) {
  const ElfSegment segment{header.p_offset, header.p_filesz, header.p_paddr, header.p_vaddr,
                           header.p_memsz};
  if (segment.file_size > segment.memory_size) {
    refuse(image, fmt::format("is broken: segment {} has {:#x} bytes in the file but only {:#x} in "
                              "memory",
                              index, segment.file_size, segment.memory_size));
  }
  if (!checked_add(segment.file_offset, segment.file_size)) {
    refuse(image, fmt::format("is broken: the file part of segment {} wraps", index));
  }
  if (!checked_add(segment.address, segment.memory_size)) {
    refuse(image, fmt::format("is broken: segment {} wraps at the end of memory", index));
  }
  const auto size = image.size();
  if (size && !fits(*size, segment.file_offset, segment.file_size)) {
    refuse(image, fmt::format("is cut short: segment {} ends at byte {}, the file has {}", index,
                              segment.file_offset + segment.file_size, *size));
  }
  return segment;
}

template <typename FileHeader, typename SegmentHeader>
ElfFile parse_as(ByteSource& image, unsigned bits) {
  const auto header = read_object<FileHeader>(image, 0);
  if (header.e_version != EV_CURRENT) {
    refuse(image, fmt::format("has ELF version {}; 1 is the only one", header.e_version));
  }
  if (header.e_type != ET_EXEC) refuse(image, "is an ELF file, but " + type_name(header.e_type));
  if (header.e_phnum == 0) refuse(image, "is an ELF file without program headers");
  if (header.e_phnum > kMaxSegments) {
    refuse(image, fmt::format("has {} program headers; at most {} are accepted", header.e_phnum,
                              kMaxSegments));
  }
  if (header.e_phentsize != sizeof(SegmentHeader)) {
    refuse(image, fmt::format("is broken: its program headers are {} bytes long instead of {}",
                              header.e_phentsize, sizeof(SegmentHeader)));
  }
  if (!checked_add<std::uint64_t>(header.e_phoff, header.e_phnum * sizeof(SegmentHeader))) {
    refuse(image, "is broken: the offset of its program headers wraps");
  }
  ElfFile elf{bits, header.e_machine, header.e_entry, {}, {}};
  std::vector<SegmentHeader> headers(header.e_phnum);
  image.read(header.e_phoff, std::as_writable_bytes(std::span(headers)));
  for (unsigned i = 0; i < headers.size(); ++i) {
    if (headers[i].p_type == PT_LOAD && headers[i].p_memsz != 0) {
      elf.segments.push_back(checked_segment(image, headers[i], i));
    } else if (headers[i].p_type == PT_LOAD && headers[i].p_filesz != 0) {
      checked_segment(image, headers[i], i);
    } else if (headers[i].p_type == PT_NOTE) {
      elf.notes.push_back({headers[i].p_offset, headers[i].p_filesz});
    }
  }
  if (elf.segments.empty()) refuse(image, "is an ELF file with nothing to load");
  std::ranges::sort(elf.segments, {}, [](const ElfSegment& segment) {
    return std::pair(segment.file_offset, segment.address);
  });
  return elf;
}

// Elf32_Nhdr and Elf64_Nhdr are the same; kernels align names and descriptions to 4 in both.
void read_note_area(std::span<const std::byte> bytes, const ByteSource& image,
                    std::vector<ElfNote>& notes) {
  std::uint64_t offset = 0;
  while (bytes.size() - offset >= sizeof(Elf64_Nhdr)) {
    const auto header = load_le<Elf64_Nhdr>(bytes, offset).value();
    const std::uint64_t name_at = offset + sizeof(header);
    const std::uint64_t description_at =
        name_at + align_down<std::uint64_t>(header.n_namesz + 3ULL, 4);
    const auto name = subspan(bytes, name_at, header.n_namesz);
    const auto description = subspan(bytes, description_at, header.n_descsz);
    if (!name || !description) refuse(image, "is broken: an ELF note runs past its segment");
    ElfNote note{{}, header.n_type, {description->begin(), description->end()}};
    for (const std::byte byte : *name) {
      if (byte == std::byte{0}) break;
      note.name.push_back(static_cast<char>(byte));
    }
    notes.push_back(std::move(note));
    offset = std::min<std::uint64_t>(
        bytes.size(), description_at + align_down<std::uint64_t>(header.n_descsz + 3ULL, 4));
  }
}

}  // namespace

bool is_elf(std::span<const std::byte> head) {
  return head.size() >= SELFMAG && std::memcmp(head.data(), ELFMAG, SELFMAG) == 0;
}

ElfFile parse_elf(ByteSource& image) {
  std::byte ident[EI_NIDENT];
  image.read(0, ident);
  if (!is_elf(ident)) refuse(image, "is not an ELF file");
  if (ident[EI_DATA] == std::byte{ELFDATA2MSB}) refuse(image, "is a big-endian ELF file");
  if (ident[EI_DATA] != std::byte{ELFDATA2LSB})
    refuse(image, "is an ELF file of no known byte order");
  if (ident[EI_CLASS] == std::byte{ELFCLASS64}) return parse_as<Elf64_Ehdr, Elf64_Phdr>(image, 64);
  if (ident[EI_CLASS] == std::byte{ELFCLASS32}) return parse_as<Elf32_Ehdr, Elf32_Phdr>(image, 32);
  refuse(image, "is an ELF file of neither the 32-bit nor the 64-bit class");
}

std::string machine_name(std::uint16_t machine) {
  switch (machine) {
    case EM_X86_64:
      return "x86_64";
    case EM_386:
      return "i386";
    case EM_AARCH64:
      return "aarch64";
    case EM_ARM:
      return "arm";
    case EM_RISCV:
      return "riscv";
    case EM_PPC:
      return "powerpc";
    case EM_PPC64:
      return "powerpc64";
    case EM_S390:
      return "s390";
    case EM_MIPS:
      return "mips";
    case EM_LOONGARCH:
      return "loongarch";
    default:
      return fmt::format("machine {}", machine);
  }
}

void require_machine(const ElfFile& elf, const ByteSource& image,
                     std::initializer_list<std::uint16_t> machines) {
  if (std::ranges::find(machines, elf.machine) != machines.end()) return;
  std::string wanted;
  for (const std::uint16_t machine : machines)
    wanted += (wanted.empty() ? "" : " or ") + machine_name(machine);
  refuse(image,
         fmt::format("is an ELF file for {}; {} is needed", machine_name(elf.machine), wanted));
}

std::vector<ElfNote> read_notes(ByteSource& image, const ElfFile& elf) {
  std::vector<ElfNote> notes;
  std::uint64_t budget = MiB;
  for (const ElfNoteArea& area : elf.notes) {
    if (area.size > budget) refuse(image, "has more than 1 MiB of ELF notes");
    budget -= area.size;
    std::vector<std::byte> bytes(static_cast<std::size_t>(area.size));
    image.read(area.file_offset, bytes);
    read_note_area(bytes, image, notes);
  }
  return notes;
}

}  // namespace skiff
