// Broken and hostile kernels: each must be refused with a sentence about what is wrong with it.
#include <elf.h>

#include "tests/unit/boot/x86_64/x86_images.h"

namespace skiff::test {
namespace {

using ::testing::HasSubstr;
using Protocol = BootRequest::Protocol;

struct Broken {
  const char* what;
  Bytes image;
  const char* message;  // part of it
  Protocol protocol = Protocol::auto_detect;
};

constexpr std::size_t kPhdr64 = sizeof(Elf64_Ehdr), kPhdr32 = sizeof(Elf32_Ehdr);
#define EHDR64(field) offsetof(Elf64_Ehdr, field)
#define PHDR64(field) (kPhdr64 + offsetof(Elf64_Phdr, field))
#define PHDR32(field) (kPhdr32 + offsetof(Elf32_Phdr, field))

template <typename T>
Bytes elf(std::size_t offset, T value) {
  Bytes image = make_vmlinux();
  patch(image, offset, value);
  return image;
}
Bytes cut(Bytes image, std::size_t size) {
  image.resize(size);
  return image;
}
Bytes overlapping_elf() {
  Bytes image = make_vmlinux();
  Elf64_Phdr load;
  std::memcpy(&load, image.data() + kPhdr64, sizeof(load));
  load.p_paddr += load.p_memsz - 1;
  patch(image, kPhdr64 + sizeof(load), load);
  return image;
}

std::vector<Broken> broken_elfs() {
  const auto direct = Protocol::linux_direct;
  const std::uint64_t top = ~0ULL;
  return {
      {"magic only", cut(make_vmlinux(), 4), "cut short", direct},
      {"half an identification", cut(make_vmlinux(), 15), "cut short", direct},
      {"half a header", cut(make_vmlinux(), 63), "cut short", direct},
      {"no program headers there", cut(make_vmlinux(), 64), "cut short", direct},
      {"half a program header", cut(make_vmlinux(), 100), "cut short", direct},
      {"no segment data", cut(make_vmlinux(), 0x1000), "segment 0 ends at byte", direct},
      {"half its segment", cut(make_vmlinux(), 0x2000), "segment 0 ends at byte", direct},
      {"a byte missing", cut(make_vmlinux(), make_vmlinux().size() - 1), "cut short", direct},
      {"big-endian", elf<std::uint8_t>(EI_DATA, ELFDATA2MSB), "big-endian"},
      {"no byte order", elf<std::uint8_t>(EI_DATA, 7), "no known byte order"},
      {"no class", elf<std::uint8_t>(EI_CLASS, 9), "neither the 32-bit nor the 64-bit"},
      {"aarch64", elf<std::uint16_t>(EHDR64(e_machine), EM_AARCH64), "ELF file for aarch64"},
      {"riscv", elf<std::uint16_t>(EHDR64(e_machine), EM_RISCV), "ELF file for riscv", direct},
      {"unheard-of machine", elf<std::uint16_t>(EHDR64(e_machine), 0xfefe), "machine 65278"},
      {"version 2", elf<std::uint32_t>(EHDR64(e_version), 2), "ELF version 2"},
      {"object file", elf<std::uint16_t>(EHDR64(e_type), ET_REL), "relocatable object"},
      {"PIE", elf<std::uint16_t>(EHDR64(e_type), ET_DYN), "position-independent"},
      {"core dump", elf<std::uint16_t>(EHDR64(e_type), ET_CORE), "core dump"},
      {"type 9", elf<std::uint16_t>(EHDR64(e_type), 9), "unknown type 9"},
      {"no program headers", elf<std::uint16_t>(EHDR64(e_phnum), 0), "without program headers"},
      {"65535 program headers", elf<std::uint16_t>(EHDR64(e_phnum), 0xffff), "65535 program"},
      {"32-bit program headers", elf<std::uint16_t>(EHDR64(e_phentsize), 32), "32 bytes long"},
      {"no header size", elf<std::uint16_t>(EHDR64(e_phentsize), 0), "0 bytes long"},
      {"headers at the end of time", elf(EHDR64(e_phoff), top), "wraps"},
      {"headers past the end", elf<std::uint64_t>(EHDR64(e_phoff), 1ULL << 40), "cut short"},
      {"nothing to load", elf<std::uint32_t>(PHDR64(p_type), PT_NULL), "nothing to load"},
      {"empty segment",
       [] {
         Bytes image = elf<std::uint64_t>(PHDR64(p_filesz), 0);
         patch(image, PHDR64(p_memsz), std::uint64_t{0});
         return image;
       }(),
       "nothing to load"},
      {"more file than memory", elf<std::uint64_t>(PHDR64(p_memsz), 0x2fff),
       "bytes in the file but only"},
      {"file part of an empty segment", elf<std::uint64_t>(PHDR64(p_memsz), 0), "but only"},
      {"file offset wraps", elf(PHDR64(p_offset), top - 0xfff), "file part of segment 0 wraps"},
      {"file offset past the end", elf<std::uint64_t>(PHDR64(p_offset), 0x1001), "cut short"},
      {"huge in memory", elf<std::uint64_t>(PHDR64(p_memsz), 1ULL << 62), "not (all) RAM"},
      {"wraps in memory", elf(PHDR64(p_memsz), top), "wraps at the end of memory"},
      {"address wraps", elf(PHDR64(p_paddr), top - 0x1000), "wraps at the end of memory"},
      {"beyond RAM", elf<std::uint64_t>(PHDR64(p_paddr), kRam - 0x7000), "segments' physical",
       direct},
      {"at 64 TiB", elf<std::uint64_t>(PHDR64(p_paddr), 1ULL << 46), "segments' physical", direct},
      {"in the hole", elf<std::uint64_t>(PHDR64(p_paddr), 0xa'0000), "segments' physical", direct},
      {"on page 0",
       [] {
         Bytes image = elf<std::uint64_t>(PHDR64(p_paddr), 0);
         patch(image, EHDR64(e_entry), std::uint64_t{0});
         return image;
       }(),
       "overlaps page 0", direct},
      {"overlaps itself", overlapping_elf(), "overlaps kernel segment", direct},
      {"entry outside", elf<std::uint64_t>(EHDR64(e_entry), kVmlinuxAt - 1), "entry point", direct},
      {"entry at the end", elf<std::uint64_t>(EHDR64(e_entry), kVmlinuxAt + 0x8000), "entry",
       direct},
      {"32-bit for Linux", make_elf32(), "32-bit ELF", direct},
      {"notes past the end", elf<std::uint64_t>(PHDR64(p_offset) + sizeof(Elf64_Phdr), 1ULL << 50),
       "cut short"},
      {"notes of 2 GiB", elf<std::uint64_t>(PHDR64(p_filesz) + sizeof(Elf64_Phdr), 2 * GiB),
       "more than 1 MiB of ELF notes"},
  };
}

Bytes bzimage() {
  return make_bzimage(compress(Compression::lz4, make_vmlinux()));
}
Bytes setup(const std::function<void(setup_header&)>& edit) {
  Bytes image = bzimage();
  edit_setup(image, edit);
  return image;
}
Bytes packing(const Bytes& payload) {
  return make_bzimage(compress(Compression::gzip, payload));
}

std::vector<Broken> broken_bzimages() {
  const auto linux64 = Protocol::linux64;
  const auto direct = Protocol::linux_direct;
  return {
      {"a boot sector", cut(bzimage(), 512), "no kernel Skiff knows"},
      {"a boot sector", cut(bzimage(), 512), "not a Linux bzImage", linux64},
      {"no signature", setup([](auto& h) { h.header = 0x5372'6447; }), "no kernel Skiff knows"},
      {"no boot flag", setup([](auto& h) { h.boot_flag = 0x55aa; }), "not a Linux bzImage",
       linux64},
      {"header cut", cut(bzimage(), 0x210), "cut short"},
      {"setup only", cut(bzimage(), kBzImageKernelAt), "cut short"},
      {"half its payload", cut(bzimage(), kBzImageKernelAt + 0x420), "cut short"},
      {"half its payload", cut(bzimage(), kBzImageKernelAt + 0x420), "cut short", linux64},
      {"protocol 2.05", setup([](auto& h) { h.version = 0x205; }), "boot protocol 2.05; 2.06"},
      {"no protocol", setup([](auto& h) { h.version = 0; }), "boot protocol 0.00"},
      {"zImage", setup([](auto& h) { h.loadflags = 0; }), "is a zImage"},
      {"no size", setup([](auto& h) { h.syssize = 0; }), "cut short"},
      {"largest size", setup([](auto& h) { h.syssize = ~0U; }), "cut short"},
      {"255 setup sectors", setup([](auto& h) { h.setup_sects = 255; }), "cut short"},
      {"32-bit kernel", setup([](auto& h) { h.xloadflags = 0; }), "no 64-bit entry", linux64},
      {"32-bit kernel", setup([](auto& h) { h.xloadflags = 0; }), "no 64-bit entry"},
      {"protocol 2.11", setup([](auto& h) { h.version = 0x20b; }), "no 64-bit entry", linux64},
      {"payload far away", setup([](auto& h) { h.payload_offset = ~0U; }), "payload ends at byte"},
      {"payload too long", setup([](auto& h) { h.payload_length = ~0U; }), "payload ends at byte"},
      {"no payload", setup([](auto& h) { h.payload_length = 0; }), "no payload that its", direct},
      {"payload of text", make_bzimage(to_bytes("not packed at all")), "no known compression",
       direct},
      {"payload of lzo", make_bzimage(to_bytes("\x89LZO....")), "packed with lzo", direct},
      {"alignment 0", setup([](auto& h) { h.kernel_alignment = 0; }), "alignment 0x0", linux64},
      {"alignment 3", setup([](auto& h) { h.kernel_alignment = 3; }), "not a power of two",
       linux64},
      {"alignment 2 GiB", setup([](auto& h) { h.kernel_alignment = 1U << 31; }), "up to", linux64},
      {"needs 4 GiB", setup([](auto& h) { h.init_size = ~0U; }), "no room for kernel", linux64},
      {"wants the end of memory", setup([](auto& h) {
         h.pref_address = ~0ULL;
         h.relocatable_kernel = 0;
       }),
       "where it cannot be entered", linux64},
      {"wants no RAM", setup([](auto& h) {
         h.pref_address = kRam;
         h.relocatable_kernel = 0;
       }),
       "not (all) RAM", linux64},
      {"no command line", setup([](auto& h) { h.cmdline_size = 3; }), "this kernel takes 3",
       linux64},
      {"payload is text", packing(to_bytes("hello")), "cut short"},
      {"payload is long text", packing(sample_data(5000)), "not an ELF file"},
      {"payload is 32-bit", packing(make_elf32()), "32-bit ELF"},
      {"payload is for arm64", packing(elf<std::uint16_t>(EHDR64(e_machine), EM_AARCH64)),
       "aarch64"},
      {"payload cut inside", packing(cut(make_vmlinux(), 0x2000)), "unpacks to only"},
      {"payload with far segment", packing(elf<std::uint64_t>(PHDR64(p_offset), 1ULL << 45)),
       "unpacks to more than"},
      {"payload larger than RAM", packing(elf<std::uint64_t>(PHDR64(p_memsz), kRam)),
       "not (all) RAM"},
      {"segments share file bytes", packing([] {
         Bytes image = make_vmlinux();
         image.resize(0x2'4000);
         Elf64_Phdr load;
         std::memcpy(&load, image.data() + kPhdr64, sizeof(load));
         load.p_offset = 0x1'1000;
         patch(image, kPhdr64, load);
         load.p_paddr += 0x10'0000;
         load.p_offset += 0x1000;
         patch(image, kPhdr64 + sizeof(load), load);
         return image;
       }()),
       "cannot be unpacked in one go"},
  };
}

Bytes multiboot_elf32(std::size_t offset, std::uint32_t value) {
  Bytes image = make_elf32();
  put_multiboot_header(image, kElfSegmentAt, {});
  patch(image, offset, value);
  return image;
}
Bytes kludge(const std::function<void(MultibootWords&)>& edit) {
  return make_kludge_image(0x3000, edit);
}

std::vector<Broken> broken_multiboots() {
  const auto multiboot = Protocol::multiboot;
  Bytes wide = make_elf64();
  put_multiboot_header(wide, kElfSegmentAt, {});
  Bytes unknown = make_elf32();
  put_multiboot_header(unknown, kElfSegmentAt, {.flags = 0x108});
  return {
      {"no header", make_elf32(), "no multiboot 1 header", multiboot},
      {"wrong checksum", kludge([](auto& w) { w.checksum_error = 1; }), "no multiboot 1",
       multiboot},
      {"wrong magic", kludge([](auto& w) { w.magic = 0xe852'50d6; }), "no multiboot 1", multiboot},
      {"unknown demands", unknown, "flags 0x108"},
      {"64-bit ELF", wide, "64-bit ELF file; multiboot 1 takes", multiboot},
      {"text file with a header",
       [] {
         Bytes image(100);
         put_multiboot_header(image, 0, {});
         return image;
       }(),
       "not an ELF", multiboot},
      {"ELF for arm", multiboot_elf32(offsetof(Elf32_Ehdr, e_type), ET_EXEC | EM_ARM << 16),
       "for arm"},
      {"entry outside", multiboot_elf32(offsetof(Elf32_Ehdr, e_entry), 0x20'0000), "entry point"},
      {"segment wraps file", multiboot_elf32(PHDR32(p_offset), 0xffff'ff80), "cut short"},
      {"segment above RAM", multiboot_elf32(PHDR32(p_paddr), 0xffff'0000), "not (all) RAM"},
      {"segment of 4 GiB", multiboot_elf32(PHDR32(p_memsz), 0xffff'ffff), "not (all) RAM"},
      {"load after header", kludge([](auto& w) { w.load_address = 0x10'0041; }), "after the load"},
      {"load before file", kludge([](auto& w) { w.load_address = 0xf'0000; }),
       "bytes into the file"},
      {"load end before load", kludge([](auto& w) { w.load_end = 0xf'ffff; }),
       "ends the load before"},
      {"load end is load", kludge([](auto& w) { w.load_end = 0x10'0000; }), "ends the load before"},
      {"load end past file", kludge([](auto& w) { w.load_end = 0x10'3001; }), "cut short"},
      {"load end 4 GiB", kludge([](auto& w) { w.load_end = ~0U; }), "cut short"},
      {"BSS before data", kludge([](auto& w) { w.bss_end = 0x10'2fff; }), "BSS before the data"},
      {"BSS of 4 GiB", kludge([](auto& w) { w.bss_end = ~0U; }), "not (all) RAM"},
      {"entry before load", kludge([](auto& w) { w.entry = 0xf'ffff; }),
       "outside of what it loads"},
      {"entry after load", kludge([](auto& w) { w.entry = 0x10'3000; }),
       "outside of what it loads"},
      {"at the end of 4 GiB", kludge([](auto& w) {
         w.header_address = 0xffff'f040;
         w.load_address = 0xffff'f000;
         w.entry = 0xffff'f000;
       }),
       "not (all) RAM"},
  };
}

void expect_all_refused(const std::vector<Broken>& table) {
  TestMachine machine;
  for (const Broken& broken : table) {
    SCOPED_TRACE(broken.what);
    machine.request.protocol = broken.protocol;
    EXPECT_THAT(machine.refusal(broken.image), HasSubstr(broken.message));
  }
}

TEST(BrokenImages, Elf) {
  expect_all_refused(broken_elfs());
}
TEST(BrokenImages, BzImage) {
  expect_all_refused(broken_bzimages());
}
TEST(BrokenImages, Multiboot) {
  expect_all_refused(broken_multiboots());
}

TEST(BrokenImages, CompressedBombIsBoundedByRam) {
  // 256 MiB of zeros behind the headers of a vmlinux whose only segment lies at their end.
  Bytes vmlinux = make_vmlinux();
  patch(vmlinux, PHDR64(p_offset), std::uint64_t{250 * MiB});
  vmlinux.resize(256 * MiB);
  TestMachine machine;
  EXPECT_THAT(machine.refusal(make_bzimage(compress(Compression::zstd, vmlinux))),
              HasSubstr("unpacks to more than"));
}

TEST(BrokenImages, EveryTruncationOfABzImageIsRefused) {
  const Bytes image = bzimage();
  TestMachine machine;
  for (std::size_t size = 1; size + 16 < image.size(); size += 7)
    EXPECT_THROW(machine.load(cut(image, size)), ConfigError) << size;
}

}  // namespace
}  // namespace skiff::test
