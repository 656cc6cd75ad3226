#include "vmm/base/range.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

namespace skiff {
namespace {

constexpr std::uint64_t kTop = ~0ULL;

TEST(Range, LastPageOfTheSpaceIsValidAndDoesNotWrap) {
  constexpr Range last{kTop - 4095, 4096};
  static_assert(last.valid() && last.last() == kTop);
  EXPECT_TRUE(last.contains(kTop));
  EXPECT_TRUE(last.contains(kTop - 4095));
  EXPECT_FALSE(last.contains(kTop - 4096));
  EXPECT_FALSE(last.contains(0));
}

TEST(Range, PassingTheEndIsInvalid) {
  EXPECT_FALSE((Range{kTop - 4094, 4096}.valid()));
  EXPECT_FALSE((Range{kTop, 2}.valid()));
  EXPECT_FALSE((Range{1, kTop + 0}.contains(Range{kTop, 2})));
  EXPECT_TRUE((Range{1, kTop}.valid()));
  EXPECT_TRUE((Range{0, kTop}.valid()));
}

TEST(Range, EmptyIsInvalidContainsNothingAndOverlapsNothing) {
  constexpr Range empty{100, 0};
  EXPECT_TRUE(empty.empty());
  EXPECT_FALSE(empty.valid());
  EXPECT_FALSE(empty.contains(100));
  EXPECT_FALSE((Range{0, 1000}.contains(empty)));
  EXPECT_FALSE((Range{0, 1000}.overlaps(empty)));
  EXPECT_FALSE(empty.overlaps({0, 1000}));
  EXPECT_FALSE(empty.overlaps(empty));
}

// Every pair of ranges in a space of a few bytes at either end, against sets of addresses.
TEST(Range, ContainsAndOverlapsAgreeWithSetsOfAddresses) {
  for (const std::uint64_t base : {std::uint64_t{0}, kTop - 7}) {
    std::vector<Range> ranges;
    for (std::uint64_t start = 0; start < 8; ++start)
      for (std::uint64_t size = 0; size <= 8 - start; ++size)
        ranges.push_back({base + start, size});
    const auto in = [](const Range& range, std::uint64_t address) {
      for (std::uint64_t at = 0; at < range.size; ++at)
        if (range.start + at == address) return true;
      return false;
    };
    for (const Range& a : ranges) {
      for (const Range& b : ranges) {
        bool shared = false;
        bool inside = b.size != 0;
        for (std::uint64_t at = 0; at < b.size; ++at) {
          shared |= in(a, b.start + at);
          inside &= in(a, b.start + at);
        }
        EXPECT_EQ(a.overlaps(b), shared)
            << a.start << "+" << a.size << " " << b.start << "+" << b.size;
        EXPECT_EQ(a.contains(b), inside)
            << a.start << "+" << a.size << " " << b.start << "+" << b.size;
      }
    }
  }
}

}  // namespace
}  // namespace skiff
