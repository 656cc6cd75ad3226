#include "vmm/board/x86_64/page_walk.h"

#include <gtest/gtest.h>

#include <array>

#include "tests/unit/reports/x86_64/guest_memory_model.h"

namespace skiff {
namespace {

using End = PageWalk::End;

constexpr std::uint64_t kLarge = 0x80, kNoExecute = 1ULL << 63;

struct PageWalkTest : testing::Test {
  GuestMemoryModel memory;
  VcpuState state = long_mode_state();
  PageWalk walk(std::uint64_t linear) { return walk_pages(state, linear, memory.reader()); }
};

TEST_F(PageWalkTest, NoPagingIsIdentity) {
  state = protected_state();
  const PageWalk at = walk(0x1'0000'1234);
  EXPECT_EQ(at.mode, PagingMode::none);
  EXPECT_EQ(at.end, End::mapped);
  EXPECT_EQ(at.physical, 0x1234U) << "linear addresses have 32 bits here";
  EXPECT_TRUE(at.is_in_ram);
  EXPECT_EQ(at.step_count, 0U);
  EXPECT_FALSE(walk(0x20000).is_in_ram);
}

TEST_F(PageWalkTest, FourLevels) {
  map_kernel(memory);
  const PageWalk at = walk(0xffff'ffff'8000'5678);
  EXPECT_EQ(at.mode, PagingMode::level4);
  ASSERT_EQ(at.end, End::mapped);
  EXPECT_EQ(at.physical, 0x5678U);
  EXPECT_EQ(at.page_size, 0x1000U);
  ASSERT_EQ(at.step_count, 4U);
  EXPECT_EQ(at.steps[0].table, "PML4");
  EXPECT_EQ(at.steps[0].index, 511U);
  EXPECT_EQ(at.steps[0].entry_address, 0x1ff8U);
  EXPECT_EQ(at.steps[0].value, 0x2003U);
  EXPECT_EQ(at.steps[1].index, 510U);
  EXPECT_EQ(at.steps[3].table, "PT");
  EXPECT_EQ(at.steps[3].entry_address, 0x4028U);
  EXPECT_TRUE(at.is_writable);
  EXPECT_FALSE(at.is_user);
  EXPECT_TRUE(at.is_executable);
}

TEST_F(PageWalkTest, RightsAreThoseOfAllLevels) {
  map_kernel(memory);
  memory.put64(0x1000, 0x2007);
  memory.put64(0x2000, 0x3007);
  memory.put64(0x3000, 0x4005 | kNoExecute);
  memory.put64(0x4000, 0x0007);
  const PageWalk at = walk(0);
  EXPECT_TRUE(at.is_user);
  EXPECT_FALSE(at.is_writable);
  EXPECT_FALSE(at.is_executable);
  memory.put64(0x2000, 0x3003);
  EXPECT_FALSE(walk(0).is_user);
}

TEST_F(PageWalkTest, TwoMebibytePage) {
  map_kernel(memory);
  memory.put64(0x3008, 0x4000'0000 | kLarge | 0x1003);  // bit 12 is PAT
  const PageWalk at = walk(0x20'0000 + 0x12345);
  ASSERT_EQ(at.end, End::mapped);
  EXPECT_EQ(at.physical, 0x4001'2345U);
  EXPECT_EQ(at.page_size, 2U << 20);
  EXPECT_EQ(at.step_count, 3U);
  EXPECT_FALSE(at.is_in_ram);
}

TEST_F(PageWalkTest, PhysicalAddressesHave52Bits) {
  map_kernel(memory);
  memory.put64(0x4000, 0x000f'ffff'ffff'f003);
  EXPECT_EQ(walk(0x123).physical, 0x000f'ffff'ffff'f123U);
}

TEST_F(PageWalkTest, OneGibibytePage) {
  map_kernel(memory);
  memory.put64(0x2008, 0x1'4000'0000 | kLarge | 3);
  const PageWalk at = walk(0x4000'0000 + 0x123'4567);
  ASSERT_EQ(at.end, End::mapped);
  EXPECT_EQ(at.physical, 0x1'4123'4567U);
  EXPECT_EQ(at.page_size, 1U << 30);
}

TEST_F(PageWalkTest, FiveLevels) {
  state.cr4 |= 1U << 12;
  state.cr3 = 0x5000;
  map_kernel(memory);
  memory.put64(0x5000 + 8 * 0x100, 0x1003);
  const std::uint64_t linear = 0xff00'0000'0000'0000ULL | 0x123;
  const PageWalk at = walk(linear);
  EXPECT_EQ(at.mode, PagingMode::level5);
  ASSERT_EQ(at.end, End::mapped);
  ASSERT_EQ(at.step_count, 5U);
  EXPECT_EQ(at.steps[0].table, "PML5");
  EXPECT_EQ(at.steps[0].index, 0x100U);
  EXPECT_EQ(at.physical, 0x123U);
}

TEST_F(PageWalkTest, NonCanonicalAddresses) {
  map_kernel(memory);
  for (const std::uint64_t linear : {0x0000'8000'0000'0000ULL, 0xffff'7fff'ffff'ffffULL}) {
    EXPECT_EQ(walk(linear).end, End::non_canonical) << linear;
    EXPECT_EQ(walk(linear).step_count, 0U);
  }
  EXPECT_NE(walk(0x0000'7fff'ffff'ffff).end, End::non_canonical);
  EXPECT_NE(walk(0xffff'8000'0000'0000).end, End::non_canonical);
  state.cr4 |= 1U << 12;
  EXPECT_NE(walk(0x0000'8000'0000'0000).end, End::non_canonical);
  EXPECT_EQ(walk(0x0100'0000'0000'0000).end, End::non_canonical);
}

TEST_F(PageWalkTest, EndsWhereNotPresent) {
  map_kernel(memory);
  const PageWalk at = walk(0x4000'0000);
  EXPECT_EQ(at.end, End::not_present);
  EXPECT_EQ(at.step_count, 2U);
  EXPECT_EQ(at.steps[1].entry_address, 0x2008U);
  // Garbage in an entry that is not present is not a reserved bit.
  memory.put64(0x2008, ~1ULL);
  EXPECT_EQ(walk(0x4000'0000).end, End::not_present);
}

TEST_F(PageWalkTest, TablesBeyondRam) {
  state.cr3 = 0xf'ffff'ffff'f000;
  EXPECT_EQ(walk(0).end, End::table_not_ram);
  EXPECT_EQ(walk(0).step_count, 1U);
  EXPECT_FALSE(walk(0).steps[0].is_readable);
  state.cr3 = 0x1000;
  memory.put64(0x1000, 0xf'ffff'ffff'f003);
  EXPECT_EQ(walk(0).end, End::table_not_ram);
  EXPECT_EQ(walk(0).step_count, 2U);
}

TEST_F(PageWalkTest, SelfReferencingTableEndsAfterItsLevels) {
  memory.put64(0x1000, 0x1003);
  const PageWalk at = walk(0);
  EXPECT_EQ(at.end, End::mapped);
  EXPECT_EQ(at.step_count, 4U);
  EXPECT_EQ(at.physical, 0x1000U);
  EXPECT_LE(memory.reads, 5);
}

TEST_F(PageWalkTest, ReservedBits) {
  map_kernel(memory);
  const auto ends_with = [&](std::uint64_t entry_address, std::uint64_t value) {
    memory.put64(entry_address, value);
    const PageWalk at = walk(0);
    map_kernel(memory);
    return at.end == End::reserved_bits ? at.steps[at.step_count - 1].reserved : 0;
  };
  EXPECT_EQ(ends_with(0x1000, 0x2003 | kLarge), kLarge) << "PS in a PML4 entry";
  EXPECT_EQ(ends_with(0x2000, 0x2000 | kLarge | 3), 0x2000U) << "misaligned 1 GiB page";
  EXPECT_EQ(ends_with(0x3000, 0x10'2000 | kLarge | 3), 0x10'2000U) << "misaligned 2 MiB page";
  EXPECT_EQ(ends_with(0x4000, 0x3 | kNoExecute), 0U) << "NX is allowed by EFER.NXE";
  EXPECT_EQ(ends_with(0x4000, 0x3 | 0x7ffULL << 52), 0U) << "bits 62:52 are the guest's";
  state.efer &= ~0x800ULL;
  EXPECT_EQ(ends_with(0x4000, 0x3 | kNoExecute), kNoExecute);
}

struct PaeWalkTest : PageWalkTest {
  PaeWalkTest() {
    state = protected_state();
    state.cr0 |= 1U << 31;
    state.cr4 = 0x20;
    state.cr3 = 0x1020;  // PDPTs are aligned to 32 bytes only
    memory.put64(0x1020 + 8 * 3, 0x2001);
    memory.put64(0x2000 + 8 * 1, 0x3003);
    memory.put64(0x3000 + 8 * 2, 0x7'0000'5003);
    memory.put64(0x2000 + 8 * 2, 0x7'0020'0000 | kLarge | 3);
  }
};

TEST_F(PaeWalkTest, SmallAndLargePages) {
  const PageWalk small = walk(0xc020'2abc);
  EXPECT_EQ(small.mode, PagingMode::pae);
  ASSERT_EQ(small.end, End::mapped);
  EXPECT_EQ(small.step_count, 3U);
  EXPECT_EQ(small.steps[0].entry_address, 0x1038U);
  EXPECT_EQ(small.physical, 0x7'0000'5abcU);
  EXPECT_TRUE(small.is_writable) << "a PDPTE has no RW bit";
  const PageWalk large = walk(0xc041'2345);
  ASSERT_EQ(large.end, End::mapped);
  EXPECT_EQ(large.physical, 0x7'0021'2345U);
  EXPECT_EQ(walk(0xffff'ffff'c020'2abc).physical, small.physical) << "32-bit linear addresses";
}

TEST_F(PaeWalkTest, ReservedBits) {
  memory.put64(0x1038, 0x2003);  // RW is reserved in a PDPTE
  EXPECT_EQ(walk(0xc020'2000).end, End::reserved_bits);
  memory.put64(0x1038, 0x2001);
  memory.put64(0x3010, 0x5003 | 1ULL << 52);  // and 62:52 in every PAE entry
  EXPECT_EQ(walk(0xc020'2000).end, End::reserved_bits);
}

struct Bits32WalkTest : PageWalkTest {
  Bits32WalkTest() {
    state = protected_state();
    state.cr0 |= 1U << 31;
    memory.put32(0x1000 + 4 * 0x300, 0x2007);
    memory.put32(0x2000 + 4 * 5, 0x8003);
    memory.put32(0x1000 + 4 * 0x301, 0x0040'2083);  // PSE-36: bit 13 is physical bit 32
  }
};

TEST_F(Bits32WalkTest, SmallPage) {
  const PageWalk at = walk(0xc000'5123);
  EXPECT_EQ(at.mode, PagingMode::bits32);
  ASSERT_EQ(at.end, End::mapped);
  EXPECT_EQ(at.step_count, 2U);
  EXPECT_EQ(at.steps[0].entry_address, 0x1c00U);
  EXPECT_EQ(at.physical, 0x8123U);
  EXPECT_FALSE(at.is_user);
  EXPECT_TRUE(at.is_executable);
}

TEST_F(Bits32WalkTest, FourMebibytePageNeedsPse) {
  state.cr4 = 0x10;
  const PageWalk at = walk(0xc041'2345);
  ASSERT_EQ(at.end, End::mapped);
  EXPECT_EQ(at.physical, 0x1'0041'2345U);
  EXPECT_EQ(at.page_size, 4U << 20);
  memory.put32(0x1000 + 4 * 0x301, 0x0060'0083);
  EXPECT_EQ(walk(0xc041'2345).end, End::reserved_bits) << "bit 21";
  state.cr4 = 0;
  EXPECT_EQ(walk(0xc041'2345).end, End::table_not_ram) << "without PSE it is a table";
}

TEST_F(PageWalkTest, ReadLinearStopsAtTheFirstByteWithoutRam) {
  map_kernel(memory);
  memory.put64(0x4000 + 8 * 8, 0);  // page 8 is gone
  memory.put_bytes(0x7ffe, {0xaa, 0xbb});
  std::array<std::byte, 4> out{};
  EXPECT_EQ(read_linear(state, 0x7ffe, memory.reader(), out), 2U);
  EXPECT_EQ(out[1], std::byte{0xbb});
  EXPECT_EQ(read_linear(state, 0x8000, memory.reader(), out), 0U);
  EXPECT_EQ(read_linear(state, ~0ULL, memory.reader(), out), 0U);
}

TEST(PageFlags, NamesOfBits) {
  EXPECT_EQ(page_flags(0), "-");
  EXPECT_EQ(page_flags(0x67), "P RW US A D");
  EXPECT_EQ(page_flags(0x8000'0000'0000'01e3), "P RW A D PS G NX");
}

}  // namespace
}  // namespace skiff
