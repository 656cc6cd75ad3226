// What `protocol = "auto"` makes of a file; docs/boot.md tells the same as a table.
#include <elf.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <string_view>
#include <vector>

#include "vmm/base/bits.h"
#include "vmm/base/error.h"
#include "vmm/base/log.h"
#include "vmm/boot/elf.h"
#include "vmm/boot/x86_64/boot_job.h"
#include "vmm/boot/x86_64/linux_setup.h"
#include "vmm/boot/x86_64/multiboot.h"
#include "vmm/boot/x86_64/pvh.h"

namespace skiff {
namespace {

using Protocol = BootRequest::Protocol;

// Searched for only where the notes do not tell, so rarely and never in a small guest.
bool contains_banner(ByteSource& kernel) {
  constexpr std::string_view kBanner = "Linux version ";
  const std::uint64_t size = kernel.size().value();
  std::vector<char> piece(static_cast<std::size_t>(MiB) + kBanner.size());
  for (std::uint64_t offset = 0; offset < size; offset += MiB) {
    const auto length = std::min<std::uint64_t>(piece.size(), size - offset);
    const auto part = std::span(piece).first(static_cast<std::size_t>(length));
    kernel.read(offset, std::as_writable_bytes(part));
    if (std::string_view(part.data(), part.size()).find(kBanner) != std::string_view::npos)
      return true;
  }
  return false;
}

// Linux since 4.20 carries notes named "Linux" (include/linux/elfnote-lto.h, build-salt.h). An
// older one is known by its banner, looked for only in a kernel linked where Linux links itself.
bool is_linux(ByteSource& kernel, const ElfFile& elf, const std::vector<ElfNote>& notes) {
  constexpr std::uint64_t kLinuxMap = 0xffff'ffff'8000'0000;  // __START_KERNEL_map
  if (std::ranges::any_of(notes, [](const ElfNote& note) { return note.name == "Linux"; })) {
    return true;
  }
  const auto& first = elf.segments.front();
  return first.virtual_address - first.address == kLinuxMap && contains_banner(kernel);
}

Protocol detect_bzimage(BootJob& job) {
  const LinuxSetup setup = parse_linux_setup(job.kernel);
  if (setup.payload && can_decompress(*setup.payload)) return Protocol::linux_direct;
  log_info(
      "{} is packed with {}, which Skiff does not unpack: it unpacks itself, which takes longer",
      job.kernel.name(),
      setup.payload ? compression_name(*setup.payload) : std::string_view("something unknown"));
  return Protocol::linux64;
}

Protocol detect_elf(BootJob& job, bool multiboot) {
  const ElfFile elf = parse_elf(job.kernel);
  require_machine(elf, job.kernel, {EM_X86_64, EM_386});
  const std::vector<ElfNote> notes = read_notes(job.kernel, elf);
  if (elf.bits == 64 && is_linux(job.kernel, elf, notes)) return Protocol::linux_direct;
  if (pvh_entry(notes, job.kernel)) return Protocol::pvh;
  if (multiboot) return Protocol::multiboot;
  throw ConfigError(fmt::format(
      "{} is an ELF{} file that does not say how it is entered: it is not Linux (no \"Linux\" "
      "note), "
      "has no PVH note and no multiboot 1 header{}",
      job.kernel.name(), elf.bits,
      elf.bits == 64 ? "; if it takes Linux's 64-bit entry set boot.protocol = \"linux_direct\""
                     : ""));
}

}  // namespace

Protocol detect_protocol(BootJob& job) {
  std::vector<std::byte> head(kMultibootSearch);
  head.resize(job.kernel.read_head(head));
  if (is_bzimage(head)) return detect_bzimage(job);
  const auto header = find_multiboot_header(head);
  if (is_elf(head)) {
    // A 64-bit ELF file is multiboot only if its header says itself what goes where.
    const bool usable = header && ((header->flags & kMultibootAddresses) != 0 ||
                                   head[EI_CLASS] == std::byte{ELFCLASS32});
    return detect_elf(job, usable);
  }
  if (header && (header->flags & kMultibootAddresses) != 0) return Protocol::multiboot;
  std::string seen;
  if (const auto compression = detect_compression(head)) {
    seen = fmt::format(" It is a {} file: unpack it first.", compression_name(*compression));
  }
  throw ConfigError(fmt::format(
      "{} is no kernel Skiff knows: looked for a Linux bzImage (\"HdrS\" at offset 0x202), an ELF "
      "file, and a multiboot 1 header in the first 8 KiB.{} A plain binary needs boot.protocol = "
      "\"flat\"",
      job.kernel.name(), seen));
}

}  // namespace skiff
