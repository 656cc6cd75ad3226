#include "tests/unit/boot/x86_64/x86_images.h"

namespace skiff::test {
namespace {

using ::testing::HasSubstr;

TEST(Detect, PicksTheProtocolByTheFile) {
  TestMachine machine;
  EXPECT_THAT(machine.load(make_bzimage(compress(Compression::lz4, make_vmlinux()))).description,
              HasSubstr("unpacked by Skiff"));
  EXPECT_THAT(machine.load(make_vmlinux()).description, HasSubstr("(vmlinux)"));
  EXPECT_THAT(machine.load(make_elf64({.notes = pvh_note(0x10'0000)})).description,
              HasSubstr("PVH entry at 0x100000"));
  EXPECT_THAT(machine.load(make_elf32({.notes = pvh_note(0x10'0000)})).description,
              HasSubstr("PVH"));
  Bytes multiboot = make_elf32();
  put_multiboot_header(multiboot, kElfSegmentAt, {});
  EXPECT_THAT(machine.load(multiboot).description, HasSubstr("multiboot"));
  EXPECT_THAT(machine.load(make_kludge_image(0x3000)).description, HasSubstr("multiboot"));
}

TEST(Detect, LinuxWithAPvhNoteIsEnteredByItsOwnEntry) {
  TestMachine machine;
  Bytes notes = pvh_note(kVmlinuxAt + 0x40);
  const Bytes linux_note = make_note("Linux", 0x100, Bytes(4));
  notes.insert(notes.end(), linux_note.begin(), linux_note.end());
  const BootState state =
      machine.load(make_elf64({.address = kVmlinuxAt, .entry = kVmlinuxAt, .notes = notes}));
  EXPECT_THAT(state.description, HasSubstr("Linux 64-bit entry"));
}

TEST(Detect, OldLinuxIsKnownByItsBanner) {
  TestMachine machine;
  Bytes image = make_elf64({.address = kVmlinuxAt,
                            .virtual_address = 0xffff'ffff'8000'0000 + kVmlinuxAt,
                            .entry = kVmlinuxAt,
                            .file_size = 3 * MiB,
                            .memory_size = 3 * MiB,
                            .notes = pvh_note(kVmlinuxAt)});
  EXPECT_THAT(machine.load(image).description, HasSubstr("PVH"));
  patch_text(image, 2 * MiB - 5, "Linux version 4.9.0");  // across two pieces of the search
  EXPECT_THAT(machine.load(image).description, HasSubstr("Linux 64-bit entry"));
}

TEST(Detect, UnknownCompressionLeavesUnpackingToTheKernel) {
  TestMachine machine;
  const BootState state = machine.load(make_bzimage(to_bytes("\x89LZO\n\r\x1a\n and more")));
  EXPECT_THAT(state.description, HasSubstr("bzImage unpacks itself"));
}

TEST(Detect, TellsWhatItLookedFor) {
  TestMachine machine;
  const std::string what = machine.refusal(to_bytes("just a text file\n"));
  for (const char* part : {"kernel K", "bzImage", "ELF", "multiboot", "protocol = \"flat\""})
    EXPECT_THAT(what, HasSubstr(part));
  EXPECT_THAT(machine.refusal(make_elf64()), HasSubstr("protocol = \"linux_direct\""));
  EXPECT_THAT(machine.refusal(compress(Compression::gzip, make_vmlinux())),
              HasSubstr("gzip file: unpack it first"));
  EXPECT_THAT(machine.refusal({std::byte{0}}), HasSubstr("no kernel Skiff knows"));
}

}  // namespace
}  // namespace skiff::test
