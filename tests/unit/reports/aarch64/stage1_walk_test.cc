// Stage 1 walks over made-up tables: ARM DDI 0487, D8.2 and D8.3.
#include "vmm/board/aarch64/stage1_walk.h"

#include <gtest/gtest.h>

#include "tests/unit/reports/aarch64/table_memory.h"

namespace skiff::arm64 {
namespace {

using End = Stage1Walk::End;

struct Stage1Test : testing::Test {
  TableMemory memory;
  Stage1Registers registers{.sctlr = 1, .tcr = kTcr4K48, .ttbr0 = 0x1000, .ttbr1 = 0x2000};
  Stage1Walk walk(std::uint64_t address) {
    return walk_stage1(registers, address, memory.reader());
  }
};

TEST_F(Stage1Test, WithoutMmuAddressesArePhysical) {
  registers.sctlr = 0;
  const Stage1Walk at = walk(0x1234);
  EXPECT_EQ(at.end, End::mapped);
  EXPECT_EQ(at.physical, 0x1234U);
  EXPECT_TRUE(at.is_in_ram);
  EXPECT_FALSE(walk(0x4000'0000).is_in_ram);
}

TEST_F(Stage1Test, FourLevelsOfTheUpperHalf) {
  memory.put(0x2000 + 8 * 256, table_at(0x3000));
  memory.put(0x3000, table_at(0x4000));
  memory.put(0x4000 + 8 * 64, table_at(0x5000));
  memory.put(0x5000 + 8 * 5, page_at(0x7000));
  const Stage1Walk at = walk(0xffff'8000'0800'5678);
  ASSERT_EQ(at.end, End::mapped);
  EXPECT_TRUE(at.is_upper);
  EXPECT_EQ(at.physical, 0x7678U);
  EXPECT_EQ(at.page_size, 0x1000U);
  ASSERT_EQ(at.step_count, 4U);
  EXPECT_EQ(at.steps[0].level, 0);
  EXPECT_EQ(at.steps[0].index, 256U);
  EXPECT_EQ(at.steps[2].descriptor_address, 0x4200U);
  EXPECT_TRUE(at.is_writable);
  EXPECT_FALSE(at.is_user);
  EXPECT_TRUE(at.is_executable);
  EXPECT_TRUE(at.is_accessed);
}

TEST_F(Stage1Test, BlocksAreWhereTheGranuleHasThem) {
  memory.put(0x1000, table_at(0x3000));
  memory.put(0x3000 + 8, block_at(0x4000'0000));
  EXPECT_EQ(walk(0x4012'3456).physical, 0x4012'3456U);
  EXPECT_EQ(walk(0x4012'3456).page_size, 1U << 30);
  EXPECT_FALSE(walk(0x4012'3456).is_in_ram);
  // Level 0 has none with 48-bit addresses, and level 3 has pages only.
  memory.put(0x1000, block_at(0));
  EXPECT_EQ(walk(0).end, End::invalid);
  memory.put(0x1000, table_at(0x3000));
  memory.put(0x3000, table_at(0x4000));
  memory.put(0x4000, table_at(0x5000));
  memory.put(0x5000, block_at(0x7000));
  EXPECT_EQ(walk(0).end, End::invalid);
  EXPECT_EQ(walk(0).step_count, 4U);
}

// D8.2.6: 16 KiB has 11 bits a level, and level 0 has one.
TEST_F(Stage1Test, SixteenKibibytes) {
  registers.tcr = 16 | 2ULL << 14;  // TG0 = 2
  memory.put(0x1000 + 8, table_at(0x8000));
  memory.put(0x8000, table_at(0xc000));
  memory.put(0xc000, block_at(0));
  const Stage1Walk at = walk(0x8000'0000'1234);
  ASSERT_EQ(at.end, End::mapped);
  EXPECT_EQ(at.granule_bits, 14U);
  EXPECT_EQ(at.physical, 0x1234U);
  EXPECT_EQ(at.page_size, 32U << 20);
  EXPECT_EQ(at.steps[0].index, 1U);
}

TEST_F(Stage1Test, SixtyFourKibibytes) {
  registers.tcr = 22 | 1ULL << 14;  // 42 bits: levels 2 and 3
  registers.ttbr0 = 0x1'0000;
  memory.put(0x1'0000 + 8 * 3, table_at(0x2'0000));
  memory.put(0x2'0000 + 8 * 2, page_at(0x5'0000));
  const Stage1Walk at = walk(3ULL << 29 | 0x2'1234);
  ASSERT_EQ(at.end, End::mapped);
  EXPECT_EQ(at.physical, 0x5'1234U);
  EXPECT_EQ(at.page_size, 0x1'0000U);
  EXPECT_EQ(at.step_count, 2U);
}

// D8.2.2: with TCR_EL1.DS a level -1 of four bits, and bits 48 to 51 in the descriptor.
TEST_F(Stage1Test, FiftyTwoBits) {
  registers.tcr = 12 | 1ULL << 59;
  memory.put(0x1000 + 8 * 2, table_at(0x3000));
  memory.put(0x3000, table_at(0x4000));
  memory.put(0x4000, table_at(0x5000));
  memory.put(0x5000, table_at(0x6000));
  memory.put(0x6000, page_at(0x7000) | 3ULL << 8 | 1ULL << 48);
  const Stage1Walk at = walk(2ULL << 48);
  ASSERT_EQ(at.end, End::mapped);
  EXPECT_EQ(at.step_count, 5U);
  EXPECT_EQ(at.steps[0].level, -1);
  EXPECT_EQ(at.physical, 0xd'0000'0000'7000ULL);
}

TEST_F(Stage1Test, RightsAreThoseOfAllLevels) {
  memory.put(0x1000, table_at(0x3000) | 1ULL << 62 | 1ULL << 59);  // read only, not executable
  memory.put(0x3000, table_at(0x4000));
  memory.put(0x4000, block_at(0x40) & ~0x400ULL);  // for EL0, not accessed yet
  Stage1Walk at = walk(0);
  ASSERT_EQ(at.end, End::mapped);
  EXPECT_FALSE(at.is_writable);
  EXPECT_FALSE(at.is_executable);
  EXPECT_TRUE(at.is_user);
  EXPECT_FALSE(at.is_accessed);
  registers.tcr |= 1ULL << 41;  // HPD0
  at = walk(0);
  EXPECT_TRUE(at.is_writable);
  EXPECT_TRUE(at.is_executable);
}

TEST_F(Stage1Test, AddressesAreInOneHalfOrTheOther) {
  memory.fill(block_at(0));
  EXPECT_EQ(walk(0x0001'0000'0000'0000).end, End::bad_address);
  EXPECT_EQ(walk(0xfffe'8000'0000'0000).end, End::bad_address);
  EXPECT_EQ(walk(0x1200'0000'0000'1000).end, End::bad_address);
  registers.tcr |= 1ULL << 37;  // TBI0
  EXPECT_NE(walk(0x1200'0000'0000'1000).end, End::bad_address);
  registers.tcr |= 1ULL << 23;  // EPD1
  EXPECT_EQ(walk(0xffff'8000'0000'0000).end, End::disabled);
  EXPECT_EQ(memory.reads, 1) << "what is not walked is not read";
}

TEST_F(Stage1Test, SizesAndGranulesThatDoNotExist) {
  registers.tcr = 8 | 1ULL << 14;  // 56 bits
  EXPECT_EQ(walk(0).end, End::bad_registers);
  registers.tcr = 12 | 1ULL << 14;  // 52
  EXPECT_NE(walk(0).end, End::bad_registers);
  registers.tcr = 16 | 3ULL << 14;  // TG0 = 3
  EXPECT_EQ(walk(0).end, End::bad_registers);
  registers.tcr = 63;  // 1 bit
  EXPECT_EQ(walk(0).end, End::bad_registers);
}

TEST_F(Stage1Test, ATableOutsideOfRam) {
  memory.put(0x1000, table_at(0x7fff'ffff'f000));
  EXPECT_EQ(walk(0).end, End::table_not_ram);
  EXPECT_EQ(walk(0).step_count, 2U);
  registers.ttbr0 = ~0ULL;
  EXPECT_EQ(walk(0).end, End::table_not_ram);
}

// Every TCR_EL1 that a guest may write, and tables that point at themselves.
TEST_F(Stage1Test, AWalkIsBoundedWhateverTheRegistersSay) {
  for (const std::uint64_t fill : {0x3ULL, 0x1003ULL, ~0ULL, 0x401ULL, 0ULL}) {
    memory.fill(fill);
    registers.ttbr0 = registers.ttbr1 = fill & 0x3000;
    for (std::uint64_t size = 0; size < 64; ++size) {
      for (std::uint64_t granule = 0; granule < 4; ++granule) {
        for (const std::uint64_t more : {0ULL, 1ULL << 59, 6ULL << 32}) {
          registers.tcr = size | size << 16 | granule << 14 | granule << 30 | more;
          for (const std::uint64_t address : {0ULL, ~0ULL, 0x1234'5678'9abcULL, 1ULL << 55}) {
            memory.reads = 0;
            const Stage1Walk at = walk(address);
            EXPECT_LE(at.step_count, Stage1Walk::kMaxSteps);
            EXPECT_LE(memory.reads, 6);
            EXPECT_LT(describe(at).size(), 1024U);
          }
        }
      }
    }
  }
}

TEST_F(Stage1Test, IsToldStepByStep) {
  memory.put(0x1000, table_at(0x3000));
  EXPECT_EQ(describe(walk(0)),
            "    level  0 [   0] at 0x000000001000 = 0x0000000000003003\n"
            "    level  1 [   0] at 0x000000003000 = 0x0000000000000000\n"
            "    -> not mapped\n");
  memory.put(0x3000, block_at(0x4000'0000));
  EXPECT_EQ(describe(walk(0x10)),
            "    level  0 [   0] at 0x000000001000 = 0x0000000000003003\n"
            "    level  1 [   0] at 0x000000003000 = 0x0000000040000401\n"
            "    -> physical 0x40000010, where there is no RAM, a 1024 MiB page, EL1 only, "
            "writable, executable\n");
}

}  // namespace
}  // namespace skiff::arm64
