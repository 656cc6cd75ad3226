#include "vmm/base/bytes.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>

namespace skiff {
namespace {

TEST(Bytes, FitsAtEveryEdge) {
  EXPECT_TRUE(fits(0, 0, 0));
  EXPECT_TRUE(fits(8, 8, 0));
  EXPECT_FALSE(fits(8, 9, 0));
  EXPECT_TRUE(fits(8, 4, 4));
  EXPECT_FALSE(fits(8, 5, 4));
  EXPECT_FALSE(fits(8, ~0ULL, 1));
  EXPECT_FALSE(fits(8, ~0ULL, ~0ULL));
  EXPECT_FALSE(fits(8, 1, ~0ULL));
  EXPECT_TRUE(fits(~0ULL, 0, ~0ULL));
}

TEST(Bytes, LoadIsLittleEndianAndBounded) {
  const std::array<std::byte, 5> bytes{std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4},
                                       std::byte{5}};
  EXPECT_EQ(load_le<std::uint32_t>(bytes, 0), 0x0403'0201U);
  EXPECT_EQ(load_le<std::uint32_t>(bytes, 1), 0x0504'0302U);
  EXPECT_EQ(load_le<std::uint32_t>(bytes, 2), std::nullopt);
  EXPECT_EQ(load_le<std::uint8_t>(bytes, 4), std::uint8_t{5});
  EXPECT_EQ(load_le<std::uint8_t>(bytes, 5), std::nullopt);
  EXPECT_EQ(load_le<std::uint8_t>(bytes, ~0ULL), std::nullopt);
  EXPECT_EQ(load_le<std::uint64_t>(bytes, 0), std::nullopt);
}

TEST(Bytes, StoreThatDoesNotFitWritesNothing) {
  std::array<std::byte, 4> bytes{};
  EXPECT_FALSE(store_le(std::span<std::byte>(bytes), 1, std::uint32_t{0xffff'ffff}));
  EXPECT_FALSE(store_le(std::span<std::byte>(bytes), ~0ULL, std::uint8_t{0xff}));
  EXPECT_EQ(load_le<std::uint32_t>(bytes, 0), 0U);
  EXPECT_TRUE(store_le(std::span<std::byte>(bytes), 2, std::uint16_t{0xbeef}));
  EXPECT_EQ(load_le<std::uint32_t>(bytes, 0), 0xbeef'0000U);
}

TEST(Bytes, SubspanIsWholeOrNothing) {
  std::array<std::byte, 4> bytes{};
  const std::span<std::byte> span(bytes);
  ASSERT_TRUE(subspan(span, 1, 3).has_value());
  EXPECT_EQ(subspan(span, 1, 3)->data(), bytes.data() + 1);
  EXPECT_EQ(subspan(span, 4, 0)->size(), 0U);
  EXPECT_FALSE(subspan(span, 1, 4).has_value());
  EXPECT_FALSE(subspan(span, ~0ULL, 2).has_value());
}

}  // namespace
}  // namespace skiff
