// The PVH boot ABI (Xen, docs/misc/pvh.pandoc and xen/include/public/arch-x86/hvm/start_info.h):
// 32-bit protected mode, paging off, EBX = hvm_start_info.
#include "vmm/boot/x86_64/pvh.h"

#include <elf.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "vmm/base/error.h"
#include "vmm/boot/cmdline.h"
#include "vmm/boot/elf_loader.h"
#include "vmm/boot/initrd.h"
#include "vmm/boot/x86_64/boot_job.h"
#include "vmm/boot/x86_64/descriptor_tables.h"
#include "vmm/boot/x86_64/linux_setup.h"

namespace skiff {
namespace {

constexpr std::uint32_t kPhys32Entry = 18;
constexpr std::uint32_t kStartMagic = 0x336e'c578;  // "xEn3" with the 0x80 bit of the "E" set

struct StartInfo {
  std::uint32_t magic, version, flags, module_count;
  std::uint64_t modules, cmdline, rsdp, memory_map;
  std::uint32_t memory_map_entries, reserved;
};
static_assert(sizeof(StartInfo) == 56);

struct PvhModule {
  std::uint64_t address, size, cmdline, reserved;
};
static_assert(sizeof(PvhModule) == 32);

struct PvhMapEntry {
  std::uint64_t address, size;
  std::uint32_t type, reserved;
};
static_assert(sizeof(PvhMapEntry) == 24);

// Start info, one module and the memory map in one piece.
std::uint64_t place_start_info(BootJob& job, std::uint64_t cmdline, Range initrd) {
  const auto& map = job.request.memory_map;
  const std::uint64_t size =
      sizeof(StartInfo) + sizeof(PvhModule) + map.size() * sizeof(PvhMapEntry);
  const Range place = job.place_table("PVH start info", size, 8);
  const std::uint64_t module_at = place.start + sizeof(StartInfo);
  const std::uint64_t map_at = module_at + sizeof(PvhModule);
  StartInfo info{};
  info.magic = kStartMagic;
  info.version = 1;
  info.module_count = initrd.empty() ? 0 : 1;
  info.modules = initrd.empty() ? 0 : module_at;
  info.cmdline = cmdline;
  info.rsdp = job.request.rsdp;
  info.memory_map = map_at;
  info.memory_map_entries = static_cast<std::uint32_t>(map.size());
  const PvhModule module{initrd.start, initrd.size, 0, 0};
  const auto bytes = job.layout.bytes(place);
  std::memcpy(bytes.data(), &info, sizeof(info));
  std::memcpy(bytes.data() + sizeof(info), &module, sizeof(module));
  std::size_t offset = sizeof(info) + sizeof(module);
  for (const MemoryMapEntry& entry : map) {
    const PvhMapEntry out{entry.range.start, entry.range.size,
                          static_cast<std::uint32_t>(entry.type), 0};
    std::memcpy(bytes.data() + offset, &out, sizeof(out));
    offset += sizeof(out);
  }
  return place.start;
}

struct Limits {
  std::uint64_t cmdline = kMaxCmdline;
  std::uint64_t initrd_last = kLast32;
  std::string default_cmdline;
};

BootState boot_elf(BootJob& job, ByteSource& image, const Limits& limits) {
  const ElfFile elf = parse_elf(image);
  require_machine(elf, image, {EM_X86_64, EM_386});
  const auto entry = pvh_entry(read_notes(image, elf), image);
  if (!entry) {
    throw ConfigError(
        fmt::format("{} has no PVH entry (no XEN_ELFNOTE_PHYS32_ENTRY note); Linux "
                    "has one if built with CONFIG_PVH",
                    image.name()));
  }
  const bool inside = std::ranges::any_of(elf.segments, [&](const ElfSegment& segment) {
    return Range{segment.address, segment.memory_size}.contains(*entry);
  });
  if (!inside || *entry > kLast32) {
    throw ConfigError(fmt::format("{} has its PVH entry {:#x} outside of its segments below 4 GiB",
                                  image.name(), *entry));
  }
  load_elf(image, elf, job.layout, "kernel", job.request.memory_is_zero);
  BootState state;
  state.cmdline = job.request.full_cmdline(limits.default_cmdline);
  const std::uint64_t cmdline = job.place_cmdline(state.cmdline, limits.cmdline);
  Range initrd;
  if (job.initrd != nullptr) initrd = load_initrd(*job.initrd, job.layout, limits.initrd_last);
  state.rbx = place_start_info(job, cmdline, initrd);
  enter_protected_mode(job, state);
  state.rip = *entry;
  state.description = fmt::format("PVH entry at {:#x}", *entry);
  return state;
}

}  // namespace

std::optional<std::uint64_t> pvh_entry(const std::vector<ElfNote>& notes, const ByteSource& image) {
  for (const ElfNote& note : notes) {
    if (note.name != "Xen" || note.type != kPhys32Entry) continue;
    std::uint64_t entry = 0;
    if (note.description.size() != 4 && note.description.size() != 8) {
      throw ConfigError(fmt::format("{} is broken: its PVH note has {} bytes instead of 4 or 8",
                                    image.name(), note.description.size()));
    }
    std::memcpy(&entry, note.description.data(), note.description.size());
    return entry;
  }
  return std::nullopt;
}

BootState boot_pvh(BootJob& job) {
  std::byte head[0x206]{};
  const std::size_t have = job.kernel.read_head(head);
  if (!is_bzimage(std::span(head).first(have))) return boot_elf(job, job.kernel, {});
  // Rare: unpacked whole, since the note lies behind the code it is read before.
  const LinuxSetup setup = parse_linux_setup(job.kernel);
  const auto payload = open_payload(job.kernel, setup, job.layout.usable() + (64ULL << 20));
  const std::vector<std::byte> vmlinux = payload->read_all();
  BytesSource image(payload->name(), vmlinux);
  return boot_elf(job, image,
                  {.cmdline = std::min<std::uint64_t>(setup.header.cmdline_size, 65536),
                   .initrd_last = setup.header.initrd_addr_max,
                   .default_cmdline = std::string(kLinuxDefaultCmdline)});
}

}  // namespace skiff
