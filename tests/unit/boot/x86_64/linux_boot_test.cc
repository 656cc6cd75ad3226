#include <elf.h>

#include "tests/unit/boot/x86_64/x86_images.h"
#include "vmm/boot/x86_64/linux_setup.h"

namespace skiff::test {
namespace {

using ::testing::HasSubstr;
using Protocol = BootRequest::Protocol;

boot_params params_of(const TestMachine& machine, const BootState& state) {
  return machine.at<boot_params>(state.rsi);
}

TEST(LinuxBoot, UnpacksEveryFormatAndEntersTheVmlinux) {
  for (const Compression compression : {Compression::gzip, Compression::bzip2, Compression::lzma,
                                        Compression::xz, Compression::lz4, Compression::zstd}) {
    SCOPED_TRACE(compression_name(compression));
    TestMachine machine;
    const BootState state = machine.load(make_bzimage(compress(compression, make_vmlinux())));
    EXPECT_EQ(state.rip, kVmlinuxAt + 0x20);
    EXPECT_THAT(state.description, HasSubstr(compression_name(compression)));
    EXPECT_EQ(machine.at<std::uint8_t>(kVmlinuxAt), 0xc0);
    EXPECT_EQ(machine.at<std::uint8_t>(kVmlinuxAt + 0x2fff), (0xc0 + 0x2fff) & 0xff);
    EXPECT_EQ(machine.at<std::uint8_t>(kVmlinuxAt + 0x3000), 0);  // BSS
    EXPECT_EQ(machine.at<std::uint8_t>(kVmlinuxAt + 0x7fff), 0);
    EXPECT_EQ(machine.at<std::uint8_t>(kVmlinuxAt + 0x8000), 0xee);
  }
}

TEST(LinuxBoot, ZeroPageOfABzImage) {
  TestMachine machine;
  machine.request.cmdline = "quiet root=/dev/vda";
  const Bytes initrd = sample_data(5000);
  const BootState state =
      machine.load(make_bzimage(compress(Compression::lz4, make_vmlinux())), initrd);
  const boot_params params = params_of(machine, state);
  EXPECT_EQ(+params.sentinel, 0);
  EXPECT_EQ(+params.hdr.header, 0x5372'6448U);
  EXPECT_EQ(+params.hdr.version, 0x20f);
  EXPECT_EQ(+params.hdr.type_of_loader, 0xff);
  EXPECT_EQ(+params.hdr.loadflags, LOADED_HIGH);
  EXPECT_EQ(+params.hdr.pref_address, kVmlinuxAt);
  EXPECT_EQ(+params.acpi_rsdp_addr, 0xf'1230U);
  EXPECT_EQ(machine.string_at(params.hdr.cmd_line_ptr), "quiet root=/dev/vda");
  EXPECT_EQ(+params.ext_cmd_line_ptr, 0U);
  // As high as it goes, page-aligned.
  EXPECT_EQ(+params.hdr.ramdisk_image, kRam - 8192);
  EXPECT_EQ(+params.hdr.ramdisk_size, 5000U);
  EXPECT_EQ(+params.ext_ramdisk_image, 0U);
  Bytes copy(5000);
  machine.memory.read(GuestAddress(kRam - 8192), copy);
  EXPECT_EQ(copy, initrd);
  ASSERT_EQ(params.e820_entries, 4);
  const boot_e820_entry first = params.e820_table[0], second = params.e820_table[1];
  EXPECT_EQ(first.addr, 0U);
  EXPECT_EQ(first.size, 0x9'fc00U);
  EXPECT_EQ(first.type, 1U);
  EXPECT_EQ(second.addr, 0x9'fc00U);
  EXPECT_EQ(second.type, 2U);
}

TEST(LinuxBoot, HeaderEndsWhereItSaysItEnds) {
  Bytes image = make_bzimage(compress(Compression::lz4, make_vmlinux()));
  image[0x201] = std::byte{0x66 - 12};  // without init_size, handover_offset, kernel_info_offset
  BytesSource source("kernel K", image);
  const LinuxSetup setup = parse_linux_setup(source);
  EXPECT_EQ(+setup.header.pref_address, kVmlinuxAt);
  EXPECT_EQ(+setup.header.init_size, 0U);
}

TEST(LinuxBoot, VmlinuxGetsAMadeUpHeader) {
  TestMachine machine;
  const BootState state = machine.load(make_vmlinux());
  const boot_params params = params_of(machine, state);
  EXPECT_EQ(state.rip, kVmlinuxAt + 0x20);
  EXPECT_EQ(+params.hdr.header, 0x5372'6448U);
  EXPECT_EQ(+params.hdr.boot_flag, 0xaa55);
  EXPECT_EQ(+params.hdr.type_of_loader, 0xff);
  EXPECT_EQ(+params.hdr.ramdisk_size, 0U);
  EXPECT_EQ(machine.string_at(params.hdr.cmd_line_ptr), "console=ttyS0");
  EXPECT_EQ(state.cmdline, "console=ttyS0");
}

TEST(LinuxBoot, Linux64EntersTheBzImageItself) {
  TestMachine machine;
  machine.request.protocol = Protocol::linux64;
  const BootState state = machine.load(make_bzimage(compress(Compression::xz, make_vmlinux())));
  EXPECT_EQ(state.rip, kVmlinuxAt + 0x200);
  EXPECT_EQ(machine.at<std::uint8_t>(state.rip), 0x90);
  EXPECT_EQ(range_of(state, "kernel (with room to unpack)"), (Range{kVmlinuxAt, 4 * MiB}));
  EXPECT_EQ(+params_of(machine, state).hdr.init_size, 4 * MiB);
}

TEST(LinuxBoot, Linux64MovesARelocatableKernelWhereThereIsRoom) {
  TestMachine machine;
  machine.request.protocol = Protocol::linux64;
  machine.request.reserved = {{"something", {kVmlinuxAt + MiB, 0x1000}}};
  Bytes image = make_bzimage(compress(Compression::xz, make_vmlinux()));
  EXPECT_EQ(machine.load(image).rip, 2 * MiB + 0x200);
  edit_setup(image, [](setup_header& header) { header.relocatable_kernel = 0; });
  EXPECT_THAT(machine.refusal(image), HasSubstr("overlaps something"));
}

TEST(LinuxBoot, EntryStateIsThe64BitProtocols) {
  TestMachine machine;
  const BootState state = machine.load(make_vmlinux());
  EXPECT_EQ(state.cs.selector, 0x10);
  EXPECT_TRUE(state.cs.l);
  EXPECT_FALSE(state.cs.db);
  for (const BootSegment* segment : {&state.ds, &state.es, &state.ss})
    EXPECT_EQ(segment->selector, 0x18);
  EXPECT_EQ(state.rflags, 0x2U);
  EXPECT_EQ(state.cr0 & 0x8000'0001, 0x8000'0001U);
  EXPECT_EQ(state.cr4 & 0x20, 0x20U);
  EXPECT_EQ(state.efer, 0x500U);
}

TEST(LinuxBoot, InitrdObeysTheKernelsLimit) {
  TestMachine machine;
  Bytes image = make_bzimage(compress(Compression::lz4, make_vmlinux()));
  edit_setup(image, [](setup_header& header) { header.initrd_addr_max = 0x17f'ffff; });
  const BootState state = machine.load(image, Bytes(0x1001));
  EXPECT_EQ(+params_of(machine, state).hdr.ramdisk_image, 0x17f'e000U);
}

TEST(LinuxBoot, InitrdThatDoesNotFitTellsTheSizes) {
  TestMachine machine;
  EXPECT_THAT(error_of<ConfigError>([&] { machine.load(make_vmlinux(), Bytes(kRam)); }),
              HasSubstr("no room for initrd I (32 MiB)"));
}

TEST(LinuxBoot, CommandLineLimitIsTheKernels) {
  TestMachine machine;
  Bytes image = make_bzimage(compress(Compression::lz4, make_vmlinux()));
  edit_setup(image, [](setup_header& header) { header.cmdline_size = 100; });
  machine.request.cmdline = std::string(101, 'x');
  EXPECT_THAT(machine.refusal(image), HasSubstr("101 bytes long, this kernel takes 100"));
  machine.request.cmdline = std::string(100, 'x');
  machine.load(image);
}

TEST(LinuxBoot, MemoryMapIsLimitedByTheZeroPage) {
  TestMachine machine;
  machine.request.memory_map.resize(129, {{64 * MiB, 0x1000}, MemoryType::reserved});
  EXPECT_THAT(machine.refusal(make_vmlinux()), HasSubstr("129 entries, Linux takes 128"));
  machine.request.memory_map.resize(128);
  EXPECT_EQ(+params_of(machine, machine.load(make_vmlinux())).e820_entries, 128);
}

TEST(LinuxBoot, UntouchedMemoryIsNotClearedAgain) {
  TestMachine machine;
  machine.request.memory_is_zero = true;
  machine.load(make_vmlinux());
  EXPECT_EQ(machine.at<std::uint8_t>(kVmlinuxAt + 0x3000), 0xee);
}

}  // namespace
}  // namespace skiff::test
