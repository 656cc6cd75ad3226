// What a driver can get wrong, case by case: each breaks the ring with its own sentence, for good.
#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <string>
#include <vector>

#include "tests/unit/virtio/ring/ring_fixture.h"
#include "virtio/ring/ring_faults.h"

namespace skiff::ring_test {
namespace {

using virtq::kDescIndirect;
using virtq::kDescNext;
using virtq::kDescWrite;

constexpr GuestAddress kTable{0x40000};
constexpr std::uint64_t kBuffer = kBuffers.value;

void expect_broken(Rig& rig, const char* fault) {
  const auto before = rig.queue.in_flight();
  EXPECT_TRUE(rig.queue.has_available());
  ASSERT_EQ(rig.queue.pop(rig.chain), PopResult::broken);
  EXPECT_EQ(rig.queue.fault(), fault);
  EXPECT_TRUE(rig.chain.readable().empty());
  EXPECT_TRUE(rig.chain.writable().empty());
  EXPECT_EQ(rig.chain.readable_size() + rig.chain.writable_size(), 0U);
  // Sticky, and it does not send the device to sleep.
  EXPECT_EQ(rig.queue.pop(rig.chain), PopResult::broken);
  EXPECT_EQ(rig.queue.fault(), fault);
  EXPECT_TRUE(rig.queue.enable_notifications());
  EXPECT_TRUE(rig.queue.has_available());
  EXPECT_EQ(rig.queue.in_flight(), before);
  EXPECT_FALSE(rig.queue.publish());
}

// Descriptors from index 0 on; packed: each made available.
void put(Rig& rig, const std::vector<RawDescriptor>& descriptors) {
  if (rig.driver.config().packed) {
    for (const RawDescriptor& descriptor : descriptors)
      rig.driver.packed().put_available(descriptor);
  } else {
    for (std::uint16_t i = 0; i < descriptors.size(); ++i)
      rig.driver.write_descriptor(i, descriptors[i]);
    rig.driver.split().put_available(0);
  }
  rig.driver.show();
}

void put_table(Rig& rig, const std::vector<RawDescriptor>& entries) {
  for (std::size_t i = 0; i < entries.size(); ++i)
    rig.driver.write_indirect(kTable, i, entries[i]);
  put(rig, {{kTable.value, static_cast<std::uint32_t>(16 * entries.size()), kDescIndirect, 0}});
}

// Buffers: the same in each format, by descriptors of the ring and by a table.
struct BadBuffers {
  const char* name;
  std::vector<DriverBuffer> buffers;
  const char* fault;
};
const std::vector<BadBuffers> kBadBuffers = {
    {"readable_after_writable", {{kBuffers, 1, true}, {kBuffers, 1}}, ring_fault::kOrder},
    {"readable_writable_readable",
     {{kBuffers, 1}, {kBuffers, 1, true}, {kBuffers, 1}},
     ring_fault::kOrder},
    {"zero_length_only", {{kBuffers, 0}}, ring_fault::kEmptyBuffer},
    {"zero_length_last", {{kBuffers, 8}, {kBuffers, 0, true}}, ring_fault::kEmptyBuffer},
    {"past_ram", {{GuestAddress(kRamEnd), 1}}, ring_fault::kBufferNotRam},
    {"last_byte_past_ram", {{GuestAddress(kRamEnd - 7), 8, true}}, ring_fault::kBufferNotRam},
    {"all_of_4_gib", {{GuestAddress(0), 0xffff'ffff, true}}, ring_fault::kBufferNotRam},
    {"in_two_regions", {{GuestAddress(kRamEnd / 2 - 1), 2}}, ring_fault::kBufferNotRam},
    {"far_away", {{GuestAddress(0xffff'8000'0000'0000), 16}}, ring_fault::kBufferNotRam},
    {"passes_2_64", {{GuestAddress(0xffff'ffff'ffff'fff8), 16, true}}, ring_fault::kBufferNotRam},
    {"ends_at_2_64", {{GuestAddress(0xffff'ffff'ffff'fff8), 8}}, ring_fault::kBufferNotRam},
    {"second_not_ram",
     {{kBuffers, 8}, {GuestAddress(kRamEnd + 4096), 8, true}},
     ring_fault::kBufferNotRam},
};

class BrokenBy : public testing::TestWithParam<Format> {};
INSTANTIATE_TEST_SUITE_P(Ring, BrokenBy, testing::ValuesIn(kFormats),
                         testing::PrintToStringParamName());

TEST_P(BrokenBy, Buffers) {
  for (const BadBuffers& bad : kBadBuffers) {
    SCOPED_TRACE(bad.name);
    Rig rig(GetParam());
    if (GetParam().indirect) {
      rig.driver.offer_indirect(bad.buffers);
    } else {
      rig.driver.offer(bad.buffers);
    }
    expect_broken(rig, bad.fault);
  }
}

TEST_P(BrokenBy, BuffersAtTheBordersOfRamAreGood) {
  Rig rig(GetParam());
  rig.offer({{GuestAddress(0), 1},
             {GuestAddress(kRamEnd / 2 - 1), 1},
             {GuestAddress(kRamEnd / 2), static_cast<std::uint32_t>(kRamEnd / 2), true},
             {GuestAddress(kRamEnd - 1), 1, true}});
  EXPECT_EQ(rig.queue.pop(rig.chain), PopResult::chain) << rig.queue.fault();
  EXPECT_EQ(rig.chain.readable_size(), 2U);
  EXPECT_EQ(rig.chain.writable_size(), kRamEnd / 2 + 1);
}

// 2^32 bytes do not fit the sum, one less does: the same megabyte 4096 times.
TEST_P(BrokenBy, TheSumOfLengths) {
  for (const std::uint32_t last : {0xf'ffffU, 0x10'0000U}) {
    for (const std::size_t readable : {0U, 2000U, 4096U}) {
      Rig rig(GetParam(), 4096);
      std::vector<DriverBuffer> buffers(4096, {GuestAddress(kRamEnd / 2), 0x10'0000, true});
      for (std::size_t i = 0; i < readable; ++i)
        buffers[i].writable = false;
      buffers.back().length = last;
      if (GetParam().indirect) {
        std::vector<RawDescriptor> entries;
        for (std::uint16_t i = 0; const DriverBuffer& buffer : buffers) {
          const std::uint16_t flags =
              (buffer.writable ? kDescWrite : 0) | (i + 1U < buffers.size() ? kDescNext : 0);
          entries.push_back({buffer.address.value, buffer.length, flags, ++i});
        }
        put_table(rig, entries);
      } else {
        rig.driver.offer(buffers);
      }
      if (last == 0x10'0000) {
        expect_broken(rig, ring_fault::kSum);
        continue;
      }
      ASSERT_EQ(rig.queue.pop(rig.chain), PopResult::chain) << rig.queue.fault();
      EXPECT_EQ(rig.chain.readable_size() + rig.chain.writable_size(), 0xffff'ffffU);
      EXPECT_EQ(rig.chain.readable().size(), readable);
    }
  }
}

// Rings: each case for the formats it can exist in. Queues have 8 entries.
enum Where : unsigned { kSplit = 1, kPacked = 2, kBoth = 3 };
struct BadRing {
  const char* name;
  Where where;
  bool indirect;  // negotiated
  std::function<void(Rig&)> write;
  const char* fault;
};
const std::vector<BadRing> kBadRings = {
    // Split: indices.
    {"available_index_ahead_by_9", kSplit, false,
     [](Rig& rig) { rig.driver.split().set_available_index(9); }, ring_fault::kAvailableAhead},
    {"available_index_goes_back", kSplit, false,
     [](Rig& rig) { rig.driver.split().set_available_index(0xffff); }, ring_fault::kAvailableAhead},
    {"available_index_ahead_by_2_15", kSplit, false,
     [](Rig& rig) { rig.driver.split().set_available_index(0x8000); }, ring_fault::kAvailableAhead},
    {"head_is_size", kSplit, false,
     [](Rig& rig) {
       rig.driver.split().put_available(8);
       rig.driver.show();
     },
     ring_fault::kHead},
    {"head_is_ffff", kSplit, false,
     [](Rig& rig) {
       rig.driver.split().put_available(0xffff);
       rig.driver.show();
     },
     ring_fault::kHead},
    {"next_is_size", kSplit, false, [](Rig& rig) { put(rig, {{kBuffer, 1, kDescNext, 8}}); },
     ring_fault::kNext},
    {"next_is_ffff", kSplit, true, [](Rig& rig) { put(rig, {{kBuffer, 1, kDescNext, 0xffff}}); },
     ring_fault::kNext},
    {"loop_of_one", kSplit, false, [](Rig& rig) { put(rig, {{kBuffer, 1, kDescNext, 0}}); },
     ring_fault::kTooLong},
    {"loop_of_two", kSplit, false,
     [](Rig& rig) { put(rig, {{kBuffer, 1, kDescNext, 1}, {kBuffer, 1, kDescNext, 0}}); },
     ring_fault::kTooLong},
    // Packed: a chain is what follows in the ring.
    {"all_entries_have_next", kPacked, false,
     [](Rig& rig) { put(rig, std::vector<RawDescriptor>(8, {kBuffer, 1, kDescNext, 0})); },
     ring_fault::kTooLong},
    {"chain_runs_into_entry_of_the_driver", kPacked, false,
     [](Rig& rig) { put(rig, {{kBuffer, 1, kDescNext, 0}, {kBuffer, 1, kDescNext, 0}}); },
     ring_fault::kNotAvailable},
    // Indirect tables.
    {"indirect_not_negotiated", kBoth, false,
     [](Rig& rig) { put_table(rig, {{kBuffer, 1, 0, 0}}); }, ring_fault::kIndirectNotNegotiated},
    {"indirect_and_next", kBoth, true,
     [](Rig& rig) {
       put(rig, {{kTable.value, 16, kDescIndirect | kDescNext, 1}, {kBuffer, 1, 0, 0}});
     },
     ring_fault::kIndirectAndNext},
    {"indirect_after_direct", kPacked, true,
     [](Rig& rig) { put(rig, {{kBuffer, 1, kDescNext, 0}, {kTable.value, 16, kDescIndirect, 0}}); },
     ring_fault::kIndirectInChain},
    {"nested_indirect", kSplit, true,
     [](Rig& rig) {
       put_table(rig, {{kBuffer, 1, kDescNext, 1}, {kTable.value, 16, kDescIndirect, 0}});
     },
     ring_fault::kIndirectNested},
    {"table_length_0", kBoth, true,
     [](Rig& rig) { put(rig, {{kTable.value, 0, kDescIndirect, 0}}); },
     ring_fault::kIndirectLength},
    {"table_length_15", kBoth, true,
     [](Rig& rig) { put(rig, {{kTable.value, 15, kDescIndirect, 0}}); },
     ring_fault::kIndirectLength},
    {"table_length_17", kBoth, true,
     [](Rig& rig) { put(rig, {{kTable.value, 17, kDescIndirect, 0}}); },
     ring_fault::kIndirectLength},
    {"table_of_9_entries", kBoth, true,
     [](Rig& rig) { put(rig, {{kTable.value, 9 * 16, kDescIndirect, 0}}); },
     ring_fault::kIndirectTooLong},
    {"table_of_4_gib", kBoth, true,
     [](Rig& rig) { put(rig, {{kTable.value, 0xffff'fff0, kDescIndirect, 0}}); },
     ring_fault::kIndirectTooLong},
    {"table_of_65536_plus_1_entries", kBoth, true,
     [](Rig& rig) { put(rig, {{kTable.value, 0x10'0010, kDescIndirect, 0}}); },
     ring_fault::kIndirectTooLong},
    {"table_past_ram", kBoth, true, [](Rig& rig) { put(rig, {{kRamEnd, 16, kDescIndirect, 0}}); },
     ring_fault::kIndirectNotRam},
    {"table_tail_past_ram", kBoth, true,
     [](Rig& rig) { put(rig, {{kRamEnd - 16, 32, kDescIndirect, 0}}); },
     ring_fault::kIndirectNotRam},
    {"table_in_two_regions", kBoth, true,
     [](Rig& rig) { put(rig, {{kRamEnd / 2 - 16, 32, kDescIndirect, 0}}); },
     ring_fault::kIndirectNotRam},
    {"table_passes_2_64", kBoth, true,
     [](Rig& rig) { put(rig, {{0xffff'ffff'ffff'fff0, 32, kDescIndirect, 0}}); },
     ring_fault::kIndirectNotRam},
    {"next_is_count_of_table", kSplit, true,
     [](Rig& rig) { put_table(rig, {{kBuffer, 1, kDescNext, 2}, {kBuffer, 1, 0, 0}}); },
     ring_fault::kNext},
    {"loop_in_table", kSplit, true,
     [](Rig& rig) { put_table(rig, {{kBuffer, 1, kDescNext, 1}, {kBuffer, 1, kDescNext, 0}}); },
     ring_fault::kTooLong},
    {"direct_and_table_longer_than_the_queue", kSplit, true,
     [](Rig& rig) {
       const std::vector<DriverBuffer> buffers(9, {kBuffers, 1, true});
       rig.driver.offer_indirect(buffers, 1);
     },
     ring_fault::kTooLong},
    {"table_entry_zero_length", kBoth, true, [](Rig& rig) { put_table(rig, {{kBuffer, 0, 0, 0}}); },
     ring_fault::kEmptyBuffer},
};

TEST(Malformed, Rings) {
  for (const BadRing& bad : kBadRings) {
    for (const bool packed : {false, true}) {
      if ((bad.where & (packed ? kPacked : kSplit)) == 0) continue;
      for (const bool event_idx : {false, true}) {
        SCOPED_TRACE(std::string(bad.name) + (packed ? " packed" : " split"));
        Rig rig({packed, bad.indirect, event_idx});
        bad.write(rig);
        expect_broken(rig, bad.fault);
      }
    }
  }
}

// Also when the ring has gone round before.
TEST(Malformed, RingsAfterAWrap) {
  for (const BadRing& bad : kBadRings) {
    if (bad.where != kSplit || bad.indirect) continue;
    SCOPED_TRACE(bad.name);
    Rig rig({false, false, true});
    for (int i = 0; i < 65536; ++i) {
      rig.driver.offer({{kBuffers, 1}});
      ASSERT_EQ(rig.queue.pop(rig.chain), PopResult::chain);
      rig.queue.complete(rig.chain, 0);
      (void)rig.queue.publish();
      ASSERT_TRUE(rig.driver.used());
    }
    bad.write(rig);
    expect_broken(rig, bad.fault);
  }
}

// More than the queue holds: 8 are in flight, so nothing can be free for a ninth.
TEST(Malformed, MoreAvailableThanFree) {
  for (const bool completed : {false, true}) {
    Rig rig({false, false, false});
    for (int i = 0; i < 8; ++i)
      rig.offer({{kBuffers, 1}});
    for (int i = 0; i < 8; ++i)
      ASSERT_EQ(rig.queue.pop(rig.chain), PopResult::chain);
    if (completed) rig.queue.complete(rig.chain, 0);  // the driver cannot know yet
    rig.driver.split().set_available_index(9);
    EXPECT_EQ(rig.queue.pop(rig.chain), PopResult::broken);
    EXPECT_EQ(rig.queue.fault(), ring_fault::kOverfull);
    EXPECT_EQ(rig.queue.publish(), completed) << "what was in flight still comes back";
  }
}

TEST(Malformed, MoreAvailableThanFreePacked) {
  for (const bool completed : {false, true}) {
    Rig rig({true, false, false});
    for (int i = 0; i < 8; ++i)
      rig.offer({{kBuffers, 1}});
    for (int i = 0; i < 8; ++i)
      ASSERT_EQ(rig.queue.pop(rig.chain), PopResult::chain);
    if (completed) rig.queue.complete(rig.chain, 0);
    put(rig, {{kBuffer, 1, 0, 3}});
    EXPECT_EQ(rig.queue.pop(rig.chain), PopResult::broken);
    EXPECT_EQ(rig.queue.fault(), ring_fault::kOverfull);
  }
}

TEST(Malformed, APackedChainThatRunsIntoWhatIsInFlight) {
  Rig rig({true, false, false});
  for (int i = 0; i < 6; ++i)
    rig.offer({{kBuffers, 1}});
  for (int i = 0; i < 6; ++i)
    ASSERT_EQ(rig.queue.pop(rig.chain), PopResult::chain);
  put(rig, {{kBuffer, 1, kDescNext, 3}, {kBuffer, 1, kDescNext, 3}, {kBuffer, 1, 0, 3}});
  expect_broken(rig, ring_fault::kOverfull);
}

// What looks wrong and is not.
TEST(Malformed, ReservedBitsAreIgnored) {
  constexpr std::uint16_t kReserved = 0x7f78;  // neither NEXT, WRITE, INDIRECT nor AVAIL, USED
  for (const bool packed : {false, true}) {
    Rig rig({packed, true, false});
    put(rig, {{kBuffer, 4, kReserved | kDescNext, 1}, {kBuffer, 4, kReserved | kDescWrite, 0}});
    EXPECT_EQ(rig.queue.pop(rig.chain), PopResult::chain) << rig.queue.fault();
    EXPECT_EQ(rig.chain.writable_size(), 4U);
  }
  Rig split({false, true, false});
  put(split, {{kBuffer, 4, 0x8080, 0}});
  EXPECT_EQ(split.queue.pop(split.chain), PopResult::chain);
}

TEST(Malformed, AnIndirectDescriptorsWriteFlagIsIgnored) {
  for (const bool packed : {false, true}) {
    Rig rig({packed, true, false});
    rig.driver.write_indirect(kTable, 0, {kBuffer, 4, 0, 0});
    put(rig, {{kTable.value, 16, kDescIndirect | kDescWrite, 0}});
    ASSERT_EQ(rig.queue.pop(rig.chain), PopResult::chain) << rig.queue.fault();
    EXPECT_EQ(rig.chain.readable_size(), 4U);
  }
}

TEST(Malformed, APackedTablesFlagsOtherThanWriteAreIgnored) {
  Rig rig({true, true, false});
  put_table(rig, {{kBuffer, 4, 0xfffd, 77}, {kBuffer, 4, 0xffff, 78}});
  ASSERT_EQ(rig.queue.pop(rig.chain), PopResult::chain) << rig.queue.fault();
  EXPECT_EQ(rig.chain.readable().size(), 1U);
  EXPECT_EQ(rig.chain.writable().size(), 1U);
}

TEST(Malformed, AnUnalignedTableIsGood) {
  for (const bool packed : {false, true}) {
    Rig rig({packed, true, false});
    const GuestAddress table(kTable.value + 3);
    rig.driver.write_indirect(table, 0, {kBuffer, 4, 0, 0});
    put(rig, {{table.value, 16, kDescIndirect, 0}});
    EXPECT_EQ(rig.queue.pop(rig.chain), PopResult::chain) << rig.queue.fault();
  }
}

TEST(Malformed, DirectBuffersBeforeATable) {
  Rig rig({false, true, false});
  rig.driver.offer_indirect({{kBuffers, 1}, {kBuffers, 2}, {kBuffers, 3}, {kBuffers, 4, true}}, 2);
  ASSERT_EQ(rig.queue.pop(rig.chain), PopResult::chain) << rig.queue.fault();
  EXPECT_EQ(rig.chain.readable_size(), 6U);
  EXPECT_EQ(rig.chain.writable_size(), 4U);
}

TEST(Malformed, AnyPackedBufferIdIsEchoed) {
  Rig rig({true, false, false});
  constexpr std::array<std::uint16_t, 3> kIds = {0, 8, 0xffff};
  for (const std::uint16_t id : kIds) {
    put(rig, {{kBuffer, 4, kDescNext, 1234}, {kBuffer, 4, kDescWrite, id}});
    ASSERT_EQ(rig.queue.pop(rig.chain), PopResult::chain) << rig.queue.fault();
    EXPECT_EQ(rig.chain.id(), id) << "the last descriptor's counts";
    rig.queue.undo_pop(rig.chain);
    ASSERT_EQ(rig.queue.pop(rig.chain), PopResult::chain);
    rig.queue.complete(rig.chain, 3);
  }
  EXPECT_TRUE(rig.queue.publish());
  for (std::uint64_t i = 0; i < kIds.size(); ++i) {
    const GuestAddress at(rig.driver.config().descriptor_area.value + 2 * 16 * i);
    const auto used = rig.memory.load<virtq::PackedDescriptor>(at).value();
    EXPECT_EQ(used.id, kIds.at(i));
    EXPECT_EQ(used.len, 3U);
    EXPECT_EQ(used.flags, virtq::kDescAvail | virtq::kDescUsed | kDescWrite);
  }
}

}  // namespace
}  // namespace skiff::ring_test
