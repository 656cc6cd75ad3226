// Linux by its 64-bit boot protocol (Documentation/arch/x86/boot.rst, "64-bit Boot Protocol"):
// long mode, identity-mapped, boot_params in RSI. linux64 enters the bzImage, which unpacks itself;
// linux_direct unpacks it here and enters the vmlinux inside, at startup_64 of
// arch/x86/kernel/head_64.S. The two entries take the same state; what the second leaves out is the
// kernel's own decompressor, and with it the choice of a random address (KASLR).
#include <elf.h>
#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "vmm/base/bits.h"
#include "vmm/base/error.h"
#include "vmm/boot/cmdline.h"
#include "vmm/boot/elf_loader.h"
#include "vmm/boot/initrd.h"
#include "vmm/boot/x86_64/boot_job.h"
#include "vmm/boot/x86_64/descriptor_tables.h"
#include "vmm/boot/x86_64/linux_setup.h"
#include "vmm/boot/x86_64/zero_page.h"

namespace skiff {
namespace {

constexpr std::uint64_t kEntry64 = 0x200;  // of the protected-mode code
constexpr std::uint16_t kFirstWithPrefAddress = 0x20a;
constexpr std::uint16_t kFirstWithXloadflags = 0x20c;
constexpr std::uint64_t kMaxAlignment = GiB;

// Everything that both ways have in common once the kernel is in place.
BootState enter_linux(BootJob& job, const setup_header& header, std::uint64_t entry,
                      std::string_view how) {
  BootState state;
  const std::string cmdline = job.request.full_cmdline(kLinuxDefaultCmdline);
  ZeroPage content{.header = header, .cmdline_size = header.cmdline_size, .initrd = {}};
  content.cmdline =
      job.place_cmdline(cmdline, std::min<std::uint64_t>(header.cmdline_size, 64 * KiB));
  // Below 4 GiB whatever the header allows: the page tables of the entry end there.
  if (job.initrd != nullptr) {
    content.initrd = load_initrd(*job.initrd, job.layout, header.initrd_addr_max);
  }
  state.rsi = place_zero_page(job, content);
  enter_long_mode(job, state, 0);
  state.rip = entry;
  state.cmdline = cmdline;
  state.description = fmt::format("Linux 64-bit entry at {:#x} ({})", entry, how);
  return state;
}

void require_64_bit(const ByteSource& kernel, const setup_header& header) {
  if (header.version >= kFirstWithXloadflags && (header.xloadflags & XLF_KERNEL_64) != 0) return;
  throw ConfigError(
      fmt::format("{} has no 64-bit entry: it is a 32-bit kernel, or one older than "
                  "Linux 3.8",
                  kernel.name()));
}

// Where the bzImage says it wants to be, else (a relocatable one) the lowest place it accepts.
Range place_bzimage(BootJob& job, const setup_header& header, std::uint64_t kernel_size) {
  const std::uint64_t alignment = header.kernel_alignment;
  if (!std::has_single_bit(alignment) || alignment > kMaxAlignment) {
    throw ConfigError(
        fmt::format("{} is broken: its alignment {:#x} is not a power of two up to "
                    "1 GiB",
                    job.kernel.name(), alignment));
  }
  const bool told = header.version >= kFirstWithPrefAddress;
  const std::uint64_t preferred = told ? header.pref_address : MiB;
  const std::uint64_t size = std::max<std::uint64_t>(kernel_size, told ? header.init_size : 0);
  const Range wish{preferred, size};
  try {
    if (wish.valid() && wish.last() < kIdentityMapped) {
      job.layout.claim("kernel (with room to unpack)", wish);
      return wish;
    }
  } catch (const ConfigError&) {
    if (header.relocatable_kernel == 0) throw;
  }
  if (header.relocatable_kernel == 0) {
    throw ConfigError(fmt::format("{} must be loaded at {:#x}, where it cannot be entered",
                                  job.kernel.name(), preferred));
  }
  return job.layout.allocate_low("kernel (with room to unpack)", size,
                                 std::max(alignment, kPageSize), kIdentityMapped - 1, MiB);
}

void load_vmlinux(BootJob& job, ByteSource& image, const ElfFile& elf) {
  if (elf.bits != 64) {
    throw ConfigError(fmt::format(
        "{} is a 32-bit ELF file; the Linux protocols need a 64-bit kernel", image.name()));
  }
  require_machine(elf, image, {EM_X86_64});
  const bool inside = std::ranges::any_of(elf.segments, [&](const ElfSegment& segment) {
    return Range{segment.address, segment.memory_size}.contains(elf.entry);
  });
  if (!inside || elf.entry >= kIdentityMapped) {
    throw ConfigError(
        fmt::format("{} has its entry point {:#x} in none of its segments' physical "
                    "addresses below 4 GiB",
                    image.name(), elf.entry));
  }
  load_elf(image, elf, job.layout, "kernel", job.request.memory_is_zero);
}

}  // namespace

BootState boot_linux64(BootJob& job) {
  const LinuxSetup setup = parse_linux_setup(job.kernel);
  require_64_bit(job.kernel, setup.header);
  if (setup.kernel_size <= kEntry64) {
    throw ConfigError(fmt::format("{} is too short to hold its 64-bit entry", job.kernel.name()));
  }
  const Range place = place_bzimage(job, setup.header, setup.kernel_size);
  const auto bytes = job.layout.bytes(place);
  job.kernel.read(setup.kernel_offset, bytes.first(static_cast<std::size_t>(setup.kernel_size)));
  // boot.rst asks for nothing behind the image, and the decompressor clears its own BSS.
  return enter_linux(job, setup.header, place.start + kEntry64, "bzImage unpacks itself");
}

BootState boot_linux_direct(BootJob& job) {
  std::byte head[4]{};
  job.kernel.read_head(head);
  if (is_elf(head)) {
    const ElfFile elf = parse_elf(job.kernel);
    load_vmlinux(job, job.kernel, elf);
    return enter_linux(job, made_up_header(), elf.entry, "vmlinux");
  }
  const LinuxSetup setup = parse_linux_setup(job.kernel);
  require_64_bit(job.kernel, setup.header);
  const auto payload = open_payload(job.kernel, setup, job.layout.usable() + 64 * MiB);
  const ElfFile elf = parse_elf(*payload);
  load_vmlinux(job, *payload, elf);
  return enter_linux(
      job, setup.header, elf.entry,
      fmt::format("bzImage unpacked by Skiff, {}", compression_name(*setup.payload)));
}

}  // namespace skiff
