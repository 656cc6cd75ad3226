// Multiboot 1 (Multiboot Specification 0.6.96): 32-bit protected mode, EAX = magic, EBX = info.
#include "vmm/boot/x86_64/multiboot.h"

#include <elf.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "vmm/base/bits.h"
#include "vmm/base/bytes.h"
#include "vmm/base/error.h"
#include "vmm/base/log.h"
#include "vmm/boot/cmdline.h"
#include "vmm/boot/elf_loader.h"
#include "vmm/boot/initrd.h"
#include "vmm/boot/x86_64/boot_job.h"
#include "vmm/boot/x86_64/descriptor_tables.h"

namespace skiff {
namespace {

constexpr std::uint32_t kHeaderMagic = 0x1bad'b002;
constexpr std::uint32_t kLoaderMagic = 0x2bad'b002;

// Header flags a loader must refuse if it does not know them are bits 0 to 15.
constexpr std::uint32_t kAlignModules = 1, kMemoryInfo = 2, kVideoMode = 4;
constexpr std::uint32_t kMustKnow = 0xffff;

// Info flags (section 3.3).
constexpr std::uint32_t kHasMemory = 1, kHasCmdline = 1 << 2, kHasModules = 1 << 3,
                        kHasMap = 1 << 6, kHasLoaderName = 1 << 9;

struct Info {
  std::uint32_t flags, memory_lower, memory_upper, boot_device, cmdline;
  std::uint32_t module_count, modules, symbols[4], map_length, map_address;
  std::uint32_t drives_length, drives_address, config_table, loader_name, apm_table;
};
static_assert(sizeof(Info) == 72);

struct MultibootModule {
  std::uint32_t start, end, string, reserved;
};

#pragma pack(push, 1)
struct MultibootMapEntry {
  std::uint32_t size;  // of what follows it
  std::uint64_t address, length;
  std::uint32_t type;
};
#pragma pack(pop)
static_assert(sizeof(MultibootMapEntry) == 24);

std::string file_name(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

// KiB of usable RAM from `start` on without a gap.
std::uint32_t usable_kib(const std::vector<MemoryMapEntry>& map, std::uint64_t start,
                         std::uint64_t limit) {
  for (const MemoryMapEntry& entry : map) {
    if (entry.type != MemoryType::usable || !entry.range.contains(start)) continue;
    const std::uint64_t end = std::min(entry.range.last(), limit - 1);
    return static_cast<std::uint32_t>((end - start + 1) / KiB);
  }
  return 0;
}

// One buffer whose guest address is known in advance: info, module, map, strings.
std::uint64_t place_info(BootJob& job, const std::string& cmdline, Range initrd) {
  constexpr std::string_view kLoaderName = "Skiff";
  const auto& map = job.request.memory_map;
  const std::string module_name = file_name(job.request.initrd);
  const std::uint64_t map_size = map.size() * sizeof(MultibootMapEntry);
  const std::uint64_t module_at = sizeof(Info), map_at = module_at + sizeof(MultibootModule);
  const std::uint64_t cmdline_at = map_at + map_size;
  const std::uint64_t loader_at = cmdline_at + cmdline.size() + 1;
  const std::uint64_t name_at = loader_at + kLoaderName.size() + 1;
  const Range place = job.place_table("multiboot info", name_at + module_name.size() + 1, 16);
  const auto bytes = job.layout.bytes(place);
  const auto address = [&](std::uint64_t offset) {
    return static_cast<std::uint32_t>(place.start + offset);
  };
  const auto copy = [&](std::uint64_t offset, std::string_view text) {
    std::memcpy(bytes.data() + offset, text.data(), text.size());
  };
  Info info{};
  info.flags = kHasMemory | kHasCmdline | kHasModules | kHasMap | kHasLoaderName;
  info.memory_lower = usable_kib(map, 0, 640 * KiB);
  info.memory_upper = usable_kib(map, MiB, 4 * GiB);
  info.cmdline = address(cmdline_at);
  info.module_count = initrd.empty() ? 0 : 1;
  info.modules = address(module_at);
  info.map_length = static_cast<std::uint32_t>(map_size);
  info.map_address = address(map_at);
  info.loader_name = address(loader_at);
  store_le(bytes, 0, info);
  if (!initrd.empty()) {
    store_le(bytes, module_at,
             MultibootModule{static_cast<std::uint32_t>(initrd.start),
                             static_cast<std::uint32_t>(initrd.start + initrd.size),
                             address(name_at), 0});
  }
  for (std::size_t i = 0; i < map.size(); ++i) {
    store_le(bytes, map_at + i * sizeof(MultibootMapEntry),
             MultibootMapEntry{sizeof(MultibootMapEntry) - 4, map[i].range.start, map[i].range.size,
                               static_cast<std::uint32_t>(map[i].type)});
  }
  copy(cmdline_at, cmdline);
  copy(loader_at, kLoaderName);
  copy(name_at, module_name);
  return place.start;
}

// The "a.out kludge" (section 3.1.3): the header itself says what goes where.
std::uint64_t load_by_header(BootJob& job, const MultibootHeader& header) {
  const auto refuse = [&](const std::string& why) {
    throw ConfigError(fmt::format("{} is broken: its multiboot header {}", job.kernel.name(), why));
  };
  const std::uint64_t size = job.kernel.size().value();
  const std::uint64_t before = header.header_address - std::uint64_t{header.load_address};
  if (header.load_address > header.header_address || before > header.offset) {
    refuse(
        fmt::format("lies {:#x} bytes into the file but is to be loaded {:#x} bytes after the "
                    "load address {:#x}",
                    header.offset, before, header.load_address));
  }
  const std::uint64_t file_offset = header.offset - before;
  const std::uint64_t load_end =
      header.load_end != 0 ? header.load_end : header.load_address + (size - file_offset);
  if (load_end <= header.load_address) refuse("ends the load before it begins");
  const std::uint64_t bss_end = header.bss_end != 0 ? header.bss_end : load_end;
  if (bss_end < load_end) refuse("ends the BSS before the data");
  const std::uint64_t load_size = load_end - header.load_address;
  if (!fits(size, file_offset, load_size)) {
    throw ConfigError(
        fmt::format("{} is cut short: its multiboot header loads {} bytes from offset "
                    "{}, the file has {}",
                    job.kernel.name(), load_size, file_offset, size));
  }
  const Range place{header.load_address, bss_end - header.load_address};
  if (!place.contains(header.entry)) {
    refuse(fmt::format("has the entry {:#x} outside of what it loads", header.entry));
  }
  const auto bytes = job.layout.claim("kernel", place);
  job.kernel.read(file_offset, bytes.first(static_cast<std::size_t>(load_size)));
  std::ranges::fill(bytes.subspan(static_cast<std::size_t>(load_size)), std::byte{0});
  return header.entry;
}

std::uint64_t load_by_elf(BootJob& job) {
  const ElfFile elf = parse_elf(job.kernel);
  if (elf.bits != 32) {
    throw ConfigError(
        fmt::format("{} is a 64-bit ELF file; multiboot 1 takes 32-bit ones "
                    "(`objcopy -O elf32-i386` converts)",
                    job.kernel.name()));
  }
  require_machine(elf, job.kernel, {EM_386, EM_X86_64});
  const auto entry = physical_entry(elf, elf.entry);
  if (!entry || *entry > kLast32) {
    throw ConfigError(fmt::format("{} has its entry point {:#x} in none of its segments",
                                  job.kernel.name(), elf.entry));
  }
  load_elf(job.kernel, elf, job.layout, "kernel", job.request.memory_is_zero);
  return *entry;
}

}  // namespace

std::optional<MultibootHeader> find_multiboot_header(std::span<const std::byte> head) {
  head = head.first(std::min(head.size(), kMultibootSearch));
  for (std::uint64_t offset = 0; offset + 12 <= head.size(); offset += 4) {
    const auto word = [&](unsigned index) {
      return load_le<std::uint32_t>(head, offset + index * 4ULL);
    };
    if (word(0) != kHeaderMagic) continue;
    const std::uint32_t flags = word(1).value();
    if (kHeaderMagic + flags + word(2).value() != 0) continue;
    MultibootHeader header{.flags = flags, .offset = offset};
    if ((flags & kMultibootAddresses) == 0) return header;
    if (!word(7)) return std::nullopt;
    header.header_address = *word(3);
    header.load_address = *word(4);
    header.load_end = *word(5);
    header.bss_end = *word(6);
    header.entry = *word(7);
    return header;
  }
  return std::nullopt;
}

BootState boot_multiboot(BootJob& job) {
  std::vector<std::byte> head(kMultibootSearch);
  head.resize(job.kernel.read_head(head));
  const auto header = find_multiboot_header(head);
  if (!header) {
    throw ConfigError(
        fmt::format("{} has no multiboot 1 header in its first 8 KiB", job.kernel.name()));
  }
  if (const auto unknown =
          header->flags & kMustKnow & ~(kAlignModules | kMemoryInfo | kVideoMode)) {
    throw ConfigError(fmt::format("{} demands multiboot features that do not exist (flags {:#x})",
                                  job.kernel.name(), unknown));
  }
  if ((header->flags & kVideoMode) != 0) {
    log_warning("{} asks for a video mode; there is no display, it gets none", job.kernel.name());
  }
  BootState state;
  state.rip =
      (header->flags & kMultibootAddresses) != 0 ? load_by_header(job, *header) : load_by_elf(job);
  // The program's own name first, as QEMU and GRUB have it: guests split it off as argv[0].
  state.cmdline = file_name(job.request.kernel);
  if (const std::string cmdline = job.request.full_cmdline(""); !cmdline.empty()) {
    check_cmdline(cmdline, kMaxCmdline);
    state.cmdline += " " + cmdline;
  }
  Range initrd;
  if (job.initrd != nullptr) initrd = load_initrd(*job.initrd, job.layout, kLast32);
  state.rax = kLoaderMagic;
  state.rbx = place_info(job, state.cmdline, initrd);
  enter_protected_mode(job, state);
  state.description = fmt::format("multiboot entry at {:#x}", state.rip);
  return state;
}

}  // namespace skiff
