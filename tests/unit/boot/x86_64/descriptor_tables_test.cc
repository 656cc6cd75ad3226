#include "vmm/boot/x86_64/descriptor_tables.h"

#include "tests/unit/boot/x86_64/x86_images.h"

namespace skiff::test {
namespace {

class DescriptorTablesTest : public ::testing::Test {
 protected:
  // What a CPU finds at `address` through state.cr3; 4- and 5-level details as in the Intel SDM
  // vol. 3, 4.5. Fails the test for a page that is absent or not writable.
  std::uint64_t walk(const BootState& state, std::uint64_t address, bool user) {
    std::uint64_t table = state.cr3;
    for (const unsigned shift : {39U, 30U, 21U, 12U}) {
      const auto entry = machine_.at<std::uint64_t>(table + (address >> shift & 511) * 8);
      EXPECT_EQ(entry & 3, 3U) << address;
      EXPECT_EQ((entry & 4) != 0, user) << address;
      table = entry & 0x000f'ffff'ffff'f000;
      if (shift == 21 && (entry & 0x80) != 0) return table | (address & (2 * MiB - 1));
    }
    return table;
  }
  std::uint64_t gdt_entry(const BootState& state, unsigned selector) {
    EXPECT_LE((selector & ~7U) + 7, state.gdt.limit);
    return machine_.at<std::uint64_t>(state.gdt.base + (selector & ~7U));
  }
  BootState flat(BootRequest::Mode mode, std::uint8_t privilege) {
    machine_.request.protocol = BootRequest::Protocol::flat;
    machine_.request.flat = {MiB, mode, privilege};
    return machine_.load(Bytes(16));
  }

  TestMachine machine_;
};

TEST_F(DescriptorTablesTest, KnownDescriptors) {
  TestMachine machine;
  // The values of every boot loader's GDT, flat 4 GiB, accessed.
  const BootState state = flat(BootRequest::Mode::protected_mode, 0);
  EXPECT_EQ(encode_descriptor(state.cs), 0x00cf'9b00'0000'ffffU);
  EXPECT_EQ(encode_descriptor(state.ds), 0x00cf'9300'0000'ffffU);
  EXPECT_EQ(encode_descriptor({.base = 0x1234'5678, .limit = 0x67, .type = 9, .present = true}),
            0x1200'8934'5678'0067U);
}

TEST_F(DescriptorTablesTest, IdentityMapOfFourGiB) {
  const BootState state = flat(BootRequest::Mode::long_mode, 0);
  EXPECT_TRUE(is_aligned(state.cr3, kPageSize));
  for (std::uint64_t address = 0; address < kIdentityMapped; address += 2 * MiB)
    ASSERT_EQ(walk(state, address + 0x1234, false), address + 0x1234);
  EXPECT_EQ(machine_.at<std::uint64_t>(state.cr3 + 8), 0U);               // 512 GiB up: nothing
  EXPECT_EQ(machine_.at<std::uint64_t>(state.cr3 + 0x1000 + 4 * 8), 0U);  // 4 GiB up: nothing
}

TEST_F(DescriptorTablesTest, SegmentsMatchTheGdt) {
  for (const auto& [mode, privilege] : {std::pair{BootRequest::Mode::protected_mode, 0},
                                        {BootRequest::Mode::long_mode, 0},
                                        {BootRequest::Mode::long_mode, 3}}) {
    const BootState state = flat(mode, static_cast<std::uint8_t>(privilege));
    EXPECT_EQ(gdt_entry(state, 0), 0U);
    EXPECT_EQ(gdt_entry(state, state.cs.selector), encode_descriptor(state.cs));
    for (const BootSegment* segment : {&state.ds, &state.es, &state.fs, &state.gs, &state.ss})
      EXPECT_EQ(gdt_entry(state, segment->selector), encode_descriptor(*segment));
    EXPECT_EQ(state.cs.selector & 3, privilege);
    EXPECT_EQ(state.cs.dpl, privilege);
    EXPECT_EQ(state.ss.dpl, privilege);
    // TR holds a busy TSS; in memory it is available.
    EXPECT_EQ(state.tr.type, 0xb);
    BootSegment available = state.tr;
    available.type = 9;
    EXPECT_EQ(gdt_entry(state, state.tr.selector), encode_descriptor(available));
    EXPECT_EQ(state.idt.limit, 0);
  }
}

TEST_F(DescriptorTablesTest, SyscallAndSysretFindTheirSegments) {
  const BootState state = flat(BootRequest::Mode::long_mode, 0);
  // STAR[47:32] = 0x10: CS, then SS. STAR[63:48] = 0x30: + 8 SS, + 16 64-bit CS.
  EXPECT_EQ(gdt_entry(state, 0x10), 0x00af'9b00'0000'ffffU);
  EXPECT_EQ(gdt_entry(state, 0x18), 0x00cf'9300'0000'ffffU);
  EXPECT_EQ(gdt_entry(state, 0x30), 0x00cf'fb00'0000'ffffU);
  EXPECT_EQ(gdt_entry(state, 0x38), 0x00cf'f300'0000'ffffU);
  EXPECT_EQ(gdt_entry(state, 0x40), 0x00af'fb00'0000'ffffU);
}

TEST_F(DescriptorTablesTest, Ring3MayUseEveryPort) {
  const BootState state = flat(BootRequest::Mode::long_mode, 3);
  EXPECT_EQ(walk(state, MiB, true), MiB);
  const std::uint64_t bitmap = state.tr.base + machine_.at<std::uint16_t>(state.tr.base + 0x66);
  for (std::uint64_t port = 0; port < 65536; port += 8)
    ASSERT_EQ(machine_.at<std::uint8_t>(bitmap + port / 8), 0) << port;
  EXPECT_EQ(machine_.at<std::uint8_t>(bitmap + 8192), 0xff);
  EXPECT_EQ(bitmap + 8192, state.tr.base + state.tr.limit);
}

TEST_F(DescriptorTablesTest, Ring0HasNoBitmap) {
  const BootState state = flat(BootRequest::Mode::long_mode, 0);
  EXPECT_GT(machine_.at<std::uint16_t>(state.tr.base + 0x66), state.tr.limit);
}

}  // namespace
}  // namespace skiff::test
