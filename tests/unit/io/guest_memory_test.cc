#include "vmm/io/guest_memory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <fstream>
#include <string>

#include "vmm/base/bits.h"
#include "vmm/base/error.h"

namespace skiff {
namespace {

// Two regions that touch, a hole, and a third: what a memory map with a PCI hole looks like.
constexpr std::array kRanges{Range{0, MiB}, Range{MiB, 64 * KiB}, Range{4 * GiB, 2 * MiB}};
constexpr std::byte kMark{0x5a};

class GuestMemoryTest : public testing::TestWithParam<GuestMemoryOptions> {};

INSTANTIATE_TEST_SUITE_P(Options, GuestMemoryTest,
                         testing::Values(GuestMemoryOptions{HugePages::off, false},
                                         GuestMemoryOptions{HugePages::off, true},
                                         GuestMemoryOptions{HugePages::transparent, false},
                                         GuestMemoryOptions{HugePages::transparent, true}),
                         [](const auto& one) {
                           return std::string(one.param.huge_pages == HugePages::off
                                                  ? "small"
                                                  : "transparent") +
                                  (one.param.shared ? "Shared" : "Private");
                         });

TEST_P(GuestMemoryTest, IsZeroAndKeepsWhatIsWritten) {
  const GuestMemory memory(kRanges, GetParam());
  EXPECT_EQ(memory.size(), MiB + 64 * KiB + 2 * MiB);
  ASSERT_EQ(memory.regions().size(), 3U);
  for (const auto& region : memory.regions()) {
    const GuestAddress last(region.range.last());
    EXPECT_EQ(memory.load<std::uint8_t>(GuestAddress(region.range.start)), 0);
    EXPECT_TRUE(memory.store(last, std::uint8_t{0xa5}));
    EXPECT_EQ(memory.load<std::uint8_t>(last), 0xa5);
    EXPECT_EQ(region.host[region.range.size - 1], std::byte{0xa5});
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(region.host) % (2 * MiB), 0U);
    EXPECT_EQ(region.fd >= 0, GetParam().shared);
  }
}

TEST_P(GuestMemoryTest, SharedMemoryIsTheSameThroughItsDescriptor) {
  if (!GetParam().shared) GTEST_SKIP() << "private memory has no descriptor";
  const GuestMemory memory(kRanges, GetParam());
  const auto& region = memory.regions()[2];
  ASSERT_TRUE(memory.store(GuestAddress(4 * GiB + 8), std::uint32_t{0x1234'5678}));
  std::uint32_t seen = 0;
  ASSERT_EQ(::pread(region.fd, &seen, sizeof seen, static_cast<off_t>(region.fd_offset + 8)), 4);
  EXPECT_EQ(seen, 0x1234'5678U);
  EXPECT_EQ(::lseek(region.fd, 0, SEEK_END), static_cast<off_t>(region.range.size));
}

class GuestMemoryAccess : public testing::Test {
 protected:
  const GuestMemory memory_{kRanges, {HugePages::off, false}};
};

TEST_F(GuestMemoryAccess, StraddlingTwoRegionsIsRefusedEvenWhereTheyTouch) {
  EXPECT_FALSE(memory_.load<std::uint32_t>(GuestAddress(MiB - 2)));
  EXPECT_FALSE(memory_.slice(GuestAddress(MiB - 1), 2));
  EXPECT_TRUE(memory_.slice(GuestAddress(MiB - 1), 1));
  EXPECT_TRUE(memory_.slice(GuestAddress(MiB), 1));
}

TEST_F(GuestMemoryAccess, RefusedAccessChangesNothing) {
  const std::array<std::byte, 4> data{kMark, kMark, kMark, kMark};
  EXPECT_FALSE(memory_.write(GuestAddress(MiB - 2), data));
  EXPECT_EQ(memory_.load<std::uint16_t>(GuestAddress(MiB - 2)), 0);
  EXPECT_FALSE(memory_.fill(GuestAddress(MiB - 2), 4, kMark));
  EXPECT_EQ(memory_.load<std::uint16_t>(GuestAddress(MiB - 2)), 0);
  std::array<std::byte, 4> out{kMark, kMark, kMark, kMark};
  EXPECT_FALSE(memory_.read(GuestAddress(2 * GiB), out));
  EXPECT_EQ(out, data);
}

TEST_F(GuestMemoryAccess, HolesAndBothEndsOfTheSpace) {
  EXPECT_FALSE(memory_.slice(GuestAddress(MiB + 64 * KiB), 1));
  EXPECT_FALSE(memory_.slice(GuestAddress(4 * GiB - 1), 1));
  EXPECT_FALSE(memory_.slice(GuestAddress(4 * GiB - 1), 2));
  EXPECT_FALSE(memory_.slice(GuestAddress(4 * GiB + 2 * MiB), 1));
  EXPECT_FALSE(memory_.slice(GuestAddress(~0ULL), 1));
  EXPECT_FALSE(memory_.slice(GuestAddress(~0ULL), ~0ULL));
  EXPECT_FALSE(memory_.slice(GuestAddress(0), ~0ULL));
  EXPECT_FALSE(memory_.slice(GuestAddress(1), ~0ULL));
  EXPECT_FALSE(memory_.slice(GuestAddress(4 * GiB), 2 * MiB + 1));
  EXPECT_TRUE(memory_.slice(GuestAddress(4 * GiB), 2 * MiB));
}

TEST_F(GuestMemoryAccess, ZeroLengthIsAnEmptySpanAnywhere) {
  for (const std::uint64_t address : {std::uint64_t{0}, 2 * GiB, ~std::uint64_t{0}}) {
    const auto span = memory_.slice(GuestAddress(address), 0);
    ASSERT_TRUE(span.has_value());
    EXPECT_TRUE(span->empty());
    EXPECT_TRUE(memory_.read(GuestAddress(address), {}));
    EXPECT_TRUE(memory_.write(GuestAddress(address), {}));
    EXPECT_TRUE(memory_.fill(GuestAddress(address), 0, kMark));
  }
}

TEST(GuestMemory, LastPageOfTheAddressSpace) {
  const std::array ranges{Range{~0ULL - (kPageSize - 1), kPageSize}};
  const GuestMemory memory(ranges, {HugePages::off, false});
  EXPECT_TRUE(memory.store(GuestAddress(~0ULL), std::uint8_t{1}));
  EXPECT_FALSE(memory.store(GuestAddress(~0ULL), std::uint16_t{1}));
  EXPECT_EQ(GuestAddress(~0ULL).plus(1), std::nullopt);
}

TEST(GuestMemory, NoRegionsIsAMemoryWithNothingInIt) {
  const GuestMemory memory({}, {});
  EXPECT_EQ(memory.size(), 0U);
  EXPECT_FALSE(memory.load<std::uint8_t>(GuestAddress(0)));
}

// Sanitizers map shadow memory for what they see mapped; half a TiB is more than this host has and
// less than they mind.
TEST(GuestMemory, MoreThanTheHostHasIsAllowedUnreserved) {
  const std::array ranges{Range{0, 512 * GiB}};
  for (const bool shared : {false, true}) {
    const GuestMemory memory(ranges, {HugePages::off, shared});
    EXPECT_TRUE(memory.store(GuestAddress(512 * GiB - 8), std::uint64_t{1}));
    EXPECT_EQ(memory.load<std::uint64_t>(GuestAddress(512 * GiB - 8)), 1U);
  }
}

TEST(GuestMemory, MoreThanTheAddressSpaceIsAnErrorInWords) {
  const std::array ranges{Range{0, 1ULL << 50}};
  try {
    const GuestMemory memory(ranges, {HugePages::off, false});
    FAIL() << "no exception";
  } catch (const HostError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("cannot map 1073741824 MiB of guest RAM"));
  }
}

std::uint64_t free_huge_pages() {
  std::ifstream file("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages");
  std::uint64_t count = 0;
  file >> count;
  return count;
}

// Not a SIGBUS of the VMM, or of the guest, at the first touch of a page the host never had.
TEST(GuestMemory, HugePagesThatAreNotReservedAreRefusedAtSetUp) {
  const std::uint64_t pages = free_huge_pages() + 1;
  const std::array ranges{Range{0, pages * 2 * MiB}};
  for (const bool shared : {false, true}) {
    try {
      const GuestMemory memory(ranges, {HugePages::hugetlb_2m, shared});
      FAIL() << "no exception; shared: " << shared;
    } catch (const HostError& error) {
      EXPECT_THAT(error.what(), testing::HasSubstr("machine.hugepages")) << shared;
    }
  }
}

TEST(GuestMemory, HugePagesOfTheHostAreUsed) {
  if (free_huge_pages() < 2) GTEST_SKIP() << "this host has no two free huge pages of 2 MiB";
  const std::array ranges{Range{0, 2 * MiB + kPageSize}};
  for (const bool shared : {false, true}) {
    const GuestMemory memory(ranges, {HugePages::hugetlb_2m, shared});
    EXPECT_TRUE(memory.store(GuestAddress(2 * MiB), std::uint64_t{7}));
    EXPECT_FALSE(memory.slice(GuestAddress(2 * MiB + kPageSize), 1));
  }
}

}  // namespace
}  // namespace skiff
