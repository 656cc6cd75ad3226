#include "vmm/boot/x86_64/multiboot.h"

#include "tests/unit/boot/x86_64/x86_images.h"

namespace skiff::test {
namespace {

using ::testing::HasSubstr;

Bytes make_multiboot_elf() {
  Bytes image = make_elf32();
  put_multiboot_header(image, kElfSegmentAt + 0x20, {});
  return image;
}

TEST(Multiboot, InfoStructure) {
  TestMachine machine;
  machine.request.cmdline = "-a b";
  const Bytes initrd = to_bytes("KEY=value\n");
  const BootState state = machine.load(make_multiboot_elf(), initrd);
  EXPECT_EQ(state.rip, 0x10'0010U);
  EXPECT_EQ(state.rax, 0x2bad'b002U);
  const auto word = [&](unsigned offset) { return machine.at<std::uint32_t>(state.rbx + offset); };
  EXPECT_EQ(word(0), 0x24dU);      // memory, cmdline, modules, map, loader name
  EXPECT_EQ(word(4), 639U);        // KiB from 0
  EXPECT_EQ(word(8), 31U * 1024);  // KiB from 1 MiB
  EXPECT_EQ(machine.string_at(word(16)), "kernel.bin -a b");
  ASSERT_EQ(word(20), 1U);
  const auto start = machine.at<std::uint32_t>(word(24));
  const auto end = machine.at<std::uint32_t>(word(24) + 4);
  EXPECT_EQ(end - start, 10U);
  EXPECT_TRUE(is_aligned<std::uint64_t>(start, kPageSize));
  EXPECT_EQ(machine.at<char>(start), 'K');
  EXPECT_EQ(machine.string_at(machine.at<std::uint32_t>(word(24) + 8)), "initrd.img");
  EXPECT_EQ(word(44), 4 * 24U);
  EXPECT_EQ(machine.at<std::uint32_t>(word(48)), 20U);
  EXPECT_EQ(machine.at<std::uint64_t>(word(48) + 24 + 4), 0x9'fc00U);
  EXPECT_EQ(machine.at<std::uint64_t>(word(48) + 24 + 12), 0x400U);
  EXPECT_EQ(machine.at<std::uint32_t>(word(48) + 24 + 20), 2U);
  EXPECT_EQ(machine.string_at(word(64)), "Skiff");
  EXPECT_EQ(state.cr0 & 0x8000'0001, 1U);
  EXPECT_TRUE(state.cs.db);
}

TEST(Multiboot, ProgramNameIsTheWholeCommandLineByDefault) {
  TestMachine machine;
  const BootState state = machine.load(make_multiboot_elf());
  EXPECT_EQ(machine.string_at(machine.at<std::uint32_t>(state.rbx + 16)), "kernel.bin");
  EXPECT_EQ(machine.at<std::uint32_t>(state.rbx + 20), 0U);
}

TEST(Multiboot, HighLinkedElfIsEnteredPhysically) {
  TestMachine machine;
  Bytes image = make_elf32({.virtual_address = 0xc010'0000, .entry = 0xc010'0010});
  put_multiboot_header(image, kElfSegmentAt + 0x20, {});
  EXPECT_EQ(machine.load(image).rip, 0x10'0010U);
}

TEST(Multiboot, HeaderAddressesReplaceTheFileFormat) {
  TestMachine machine;
  const Bytes image = make_kludge_image(0x3000, [](MultibootWords& words) {
    words.load_address = 0x10'0020;  // the file's first 0x20 bytes stay behind
    words.load_end = 0x10'2000;
    words.bss_end = 0x10'4000;
  });
  const BootState state = machine.load(image);
  EXPECT_EQ(state.rip, 0x10'0060U);
  EXPECT_EQ(machine.at<std::uint32_t>(0x10'0040), 0x1bad'b002U);
  EXPECT_EQ(machine.at<std::byte>(0x10'0020), image[0x20]);
  EXPECT_EQ(machine.at<std::byte>(0x10'1fff), image[0x1fff]);
  EXPECT_EQ(machine.at<std::uint8_t>(0x10'2000), 0);
  EXPECT_EQ(machine.at<std::uint8_t>(0x10'3fff), 0);
  EXPECT_EQ(machine.at<std::uint8_t>(0x10'4000), 0xee);
}

TEST(Multiboot, WholeFileWithoutLoadEnd) {
  TestMachine machine;
  const BootState state = machine.load(make_kludge_image(0x3000));
  EXPECT_EQ(range_of(state, "kernel"), (Range{0x10'0000, 0x3000}));
}

TEST(Multiboot, HeaderIsFoundOnlyWhereItMayBe) {
  for (const std::size_t offset : {0UL, 4UL, 8192UL - 12}) {
    Bytes image(9000);
    put_multiboot_header(image, offset, {});
    EXPECT_TRUE(find_multiboot_header(image)) << offset;
  }
  for (const std::size_t offset : {1UL, 2UL, 8192UL - 8, 8192UL}) {
    Bytes image(9000);
    put_multiboot_header(image, offset, {});
    EXPECT_FALSE(find_multiboot_header(image)) << offset;
  }
  Bytes cut(0x1c);
  put_multiboot_header(cut, 0, {.flags = 1U << 16});
  EXPECT_TRUE(find_multiboot_header(cut));
  cut.resize(0x1c);
  EXPECT_FALSE(find_multiboot_header(cut));
}

}  // namespace
}  // namespace skiff::test
