#include "vmm/base/bits.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace skiff {
namespace {

template <typename T>
class BitsTest : public testing::Test {};
using Widths = testing::Types<std::uint8_t, std::uint16_t, std::uint32_t, std::uint64_t>;
TYPED_TEST_SUITE(BitsTest, Widths);

TYPED_TEST(BitsTest, CheckedAddRefusesExactlyWhatDoesNotFit) {
  constexpr TypeParam kMax = std::numeric_limits<TypeParam>::max();
  EXPECT_EQ(checked_add<TypeParam>(kMax, 0), kMax);
  EXPECT_EQ(checked_add<TypeParam>(static_cast<TypeParam>(kMax - 1), 1), kMax);
  EXPECT_EQ(checked_add<TypeParam>(kMax, 1), std::nullopt);
  EXPECT_EQ(checked_add<TypeParam>(kMax, kMax), std::nullopt);
}

TYPED_TEST(BitsTest, AlignmentAtBothEnds) {
  constexpr TypeParam kMax = std::numeric_limits<TypeParam>::max();
  EXPECT_TRUE(is_aligned<TypeParam>(0, 16));
  EXPECT_FALSE(is_aligned<TypeParam>(kMax, 16));
  EXPECT_EQ(align_down<TypeParam>(kMax, 16), static_cast<TypeParam>(kMax - 15));
  EXPECT_EQ(align_down<TypeParam>(15, 16), 0);
  EXPECT_EQ(checked_align_up<TypeParam>(0, 16), TypeParam{0});
  EXPECT_EQ(checked_align_up<TypeParam>(1, 16), TypeParam{16});
  EXPECT_EQ(checked_align_up<TypeParam>(16, 16), TypeParam{16});
  const auto top = static_cast<TypeParam>(kMax - 15);
  EXPECT_EQ(checked_align_up<TypeParam>(top, 16), top);
  EXPECT_EQ(checked_align_up<TypeParam>(static_cast<TypeParam>(top + 1), 16), std::nullopt);
  EXPECT_EQ(checked_align_up<TypeParam>(kMax, 1), kMax);
}

TEST(Bits, AllOnesOfEveryWidth) {
  EXPECT_EQ(all_ones(0), 0U);
  EXPECT_EQ(all_ones(1), 0xffU);
  EXPECT_EQ(all_ones(2), 0xffffU);
  EXPECT_EQ(all_ones(3), 0xff'ffffU);
  EXPECT_EQ(all_ones(4), 0xffff'ffffU);
  EXPECT_EQ(all_ones(7), 0xff'ffff'ffff'ffffU);
  EXPECT_EQ(all_ones(8), ~0ULL);
  EXPECT_EQ(all_ones(9), ~0ULL);
  EXPECT_EQ(all_ones(~0U), ~0ULL);
}

}  // namespace
}  // namespace skiff
