#include "vmm/boot/x86_64/pvh.h"

#include "tests/unit/boot/x86_64/x86_images.h"

namespace skiff::test {
namespace {

using ::testing::HasSubstr;

struct StartInfo {
  std::uint32_t magic, version, flags, modules;
  std::uint64_t module_list, cmdline, rsdp, map;
  std::uint32_t map_entries, reserved;
};

TEST(Pvh, StartInfoAndEntryState) {
  TestMachine machine;
  machine.request.cmdline = "one two";
  const Bytes initrd = sample_data(3000);
  const BootState state = machine.load(make_elf64({.notes = pvh_note(0x10'0044)}), initrd);
  EXPECT_EQ(state.rip, 0x10'0044U);
  const auto info = machine.at<StartInfo>(state.rbx);
  EXPECT_EQ(info.magic, 0x336e'c578U);
  EXPECT_EQ(info.version, 1U);
  EXPECT_EQ(info.flags, 0U);
  EXPECT_EQ(info.rsdp, 0xf'1230U);
  EXPECT_EQ(machine.string_at(info.cmdline), "one two");
  ASSERT_EQ(info.modules, 1U);
  EXPECT_EQ(machine.at<std::uint64_t>(info.module_list), kRam - 4096);
  EXPECT_EQ(machine.at<std::uint64_t>(info.module_list + 8), 3000U);
  ASSERT_EQ(info.map_entries, 4U);
  EXPECT_EQ(machine.at<std::uint64_t>(info.map + 24), 0x9'fc00U);
  EXPECT_EQ(machine.at<std::uint64_t>(info.map + 32), 0x400U);
  EXPECT_EQ(machine.at<std::uint32_t>(info.map + 40), 2U);
  // The ABI: 32-bit protected mode, paging off, flat segments, a TSS of limit 0x67.
  EXPECT_EQ(state.cr0 & ~0x10ULL, 1U);
  EXPECT_EQ(state.cr4, 0U);
  EXPECT_EQ(state.efer, 0U);
  EXPECT_TRUE(state.cs.db);
  EXPECT_FALSE(state.cs.l);
  EXPECT_EQ(state.cs.limit, 0xffff'ffffU);
  EXPECT_EQ(state.ds.base, 0U);
  EXPECT_EQ(state.tr.limit, 0x67U);
  EXPECT_EQ(state.rflags, 2U);
}

TEST(Pvh, WithoutInitrdAndCommandLine) {
  TestMachine machine;
  const BootState state = machine.load(make_elf64({.notes = pvh_note(0x10'0044)}));
  const auto info = machine.at<StartInfo>(state.rbx);
  EXPECT_EQ(info.modules, 0U);
  EXPECT_EQ(machine.string_at(info.cmdline), "");
}

TEST(Pvh, NoteOfEightBytesAnd32BitElf) {
  TestMachine machine;
  Bytes entry;
  patch(entry, 0, std::uint64_t{0x10'0048});
  EXPECT_EQ(machine.load(make_elf64({.notes = make_note("Xen", 18, entry)})).rip, 0x10'0048U);
  EXPECT_EQ(machine.load(make_elf32({.notes = pvh_note(0x10'0044)})).rip, 0x10'0044U);
}

TEST(Pvh, EntryMustBeInASegmentBelow4GiB) {
  TestMachine machine;
  machine.request.protocol = BootRequest::Protocol::pvh;
  EXPECT_THAT(machine.refusal(make_elf64({.notes = pvh_note(0x10'2000)})), HasSubstr("outside"));
  EXPECT_THAT(machine.refusal(make_elf64({.notes = make_note("Xen", 18, Bytes(2))})),
              HasSubstr("2 bytes instead of 4 or 8"));
  EXPECT_THAT(machine.refusal(make_elf64()), HasSubstr("no PVH entry"));
  EXPECT_THAT(machine.refusal(make_elf64({.notes = make_note("Xem", 18, Bytes(4))})),
              HasSubstr("no PVH entry"));
}

TEST(Pvh, BzImageIsUnpackedForItsNote) {
  TestMachine machine;
  machine.request.protocol = BootRequest::Protocol::pvh;
  const Bytes vmlinux = make_elf64({.address = kVmlinuxAt, .notes = pvh_note(kVmlinuxAt + 8)});
  const BootState state = machine.load(make_bzimage(compress(Compression::gzip, vmlinux)));
  EXPECT_EQ(state.rip, kVmlinuxAt + 8);
  EXPECT_EQ(state.cmdline, "console=ttyS0");
}

}  // namespace
}  // namespace skiff::test
