// Where an arm64 kernel's image lies, and reading through its tables.
#include "vmm/board/aarch64/kernel_memory.h"

#include <gtest/gtest.h>

#include <array>

#include "tests/unit/reports/aarch64/table_memory.h"

namespace skiff::arm64 {
namespace {

constexpr std::uint64_t kBase = 0xffff'8000'0000'0000;

// The first 2 MiB of kBase are one table of pages at 0x4000.
struct KernelMemoryTest : testing::Test {
  KernelMemoryTest() {
    memory.put(0x1000 + 8 * 256, table_at(0x2000));
    memory.put(0x2000, table_at(0x3000));
    memory.put(0x3000, table_at(0x4000));
  }
  void map(std::uint64_t page, std::uint64_t physical) {
    memory.put(0x4000 + 8 * page, page_at(physical));
  }
  std::optional<Range> image(std::uint64_t inside) {
    return kernel_image(registers, inside, memory.reader());
  }

  TableMemory memory;
  Stage1Registers registers{.sctlr = 1, .tcr = kTcr4K48, .ttbr0 = 0, .ttbr1 = 0x1000};
};

TEST_F(KernelMemoryTest, ReadsAcrossPagesThatAreNotBesideEachOther) {
  map(0, 0x8000);
  map(1, 0x6000);
  memory.put(0x8ff8, 0x1111'1111'2222'2222);
  memory.put(0x6000, 0x3333'3333'4444'4444);
  const PhysicalReader read = memory.reader();
  KernelMemory linear(registers, read);
  std::array<std::uint64_t, 2> words{};
  ASSERT_TRUE(linear.read(kBase + 0xff8, std::as_writable_bytes(std::span(words))));
  EXPECT_EQ(words[0], 0x1111'1111'2222'2222U);
  EXPECT_EQ(words[1], 0x3333'3333'4444'4444U);
  EXPECT_FALSE(linear.read(kBase + 0x1ff8, std::as_writable_bytes(std::span(words))));
}

TEST_F(KernelMemoryTest, WhoHasWaitedIsBehindAWfi) {
  map(0, 0x8000);
  const PhysicalReader read = memory.reader();
  const auto waited = [&](std::uint64_t pc) { return has_waited(registers, pc, read); };
  memory.put(0x8000, 0xd503'205f'd503'207f);  // WFI, WFE
  memory.put(0x8008, 0xd503'1007'd503'103f);  // WFIT XZR, WFET X7
  EXPECT_TRUE(waited(kBase + 4));
  EXPECT_FALSE(waited(kBase + 8)) << "an event is something else";
  EXPECT_FALSE(waited(kBase + 12)) << "a time is something else too";
  EXPECT_FALSE(waited(kBase + 16));
  EXPECT_FALSE(waited(kBase)) << "what is before is not mapped";
  EXPECT_FALSE(waited(kBase + 6)) << "no instruction begins there";
  EXPECT_FALSE(waited(0));
  memory.put(0x8ff8, 0xd503'207f'0000'0000);  // on one page, the next instruction on another
  EXPECT_TRUE(waited(kBase + 0x1000));
}

TEST_F(KernelMemoryTest, AnImageIsWhatIsMappedAround) {
  for (std::uint64_t page = 32; page < 96; ++page)
    map(page, 0x8000);
  const auto found = image(kBase + 50 * 0x1000);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->start, kBase + 0x1'0000) << "one segment lower";
  EXPECT_EQ(found->start + found->size, kBase + 0x6'0000);
}

TEST_F(KernelMemoryTest, NoImageWhereNothingIsMapped) {
  EXPECT_FALSE(image(kBase));
  EXPECT_FALSE(image(0));
  EXPECT_FALSE(image(~0ULL));
  map(0, 0x8000);
  EXPECT_TRUE(image(kBase));
  EXPECT_FALSE(image(kBase + 0x1'0000));
}

// Tables that map all there is, to one page: what is looked at ends all the same.
TEST_F(KernelMemoryTest, AnImageIsNoLargerThanKernelsAre) {
  memory.fill(table_at(0x1000));
  memory.reads = 0;
  for (const std::uint64_t inside :
       std::array<std::uint64_t, 3>{kBase, ~0ULL, 0xffff'c000'0000'0000}) {
    const auto found = image(inside);
    ASSERT_TRUE(found);
    EXPECT_LE(found->size, 257ULL << 20);
  }
  EXPECT_LT(memory.reads, 3 * 5 * 4200);
}

}  // namespace
}  // namespace skiff::arm64
