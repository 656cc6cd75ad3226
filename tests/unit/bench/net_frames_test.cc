#include "vmm/bench/net_frames.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace skiff::bench {
namespace {

constexpr FrameAddress kGuest = {std::byte{0x52}, std::byte{1}, std::byte{2},
                                 std::byte{3},    std::byte{4}, std::byte{5}};

std::vector<std::byte> request(std::uint32_t kind, std::uint32_t second, std::size_t size = 64) {
  auto frame = *flood_frame(kGuest, static_cast<std::uint32_t>(size));
  exchange_addresses(frame);  // from the guest
  const std::size_t payload = is_large(size) ? 54 : 14;
  for (std::size_t i = 0; i < 4; ++i) {
    frame[payload + i] = static_cast<std::byte>(kind >> (24 - 8 * i) & 0xff);
    frame[payload + 4 + i] = static_cast<std::byte>(second >> (24 - 8 * i) & 0xff);
  }
  return frame;
}

TEST(BenchNetFrames, WhatAGuestAsks) {
  for (const std::size_t size : {std::size_t{64}, std::size_t{1500}, kLargeFrame}) {
    const auto parsed = parse_net_request(request(2, 1500, size));
    ASSERT_TRUE(parsed) << size;
    EXPECT_EQ(parsed->kind, NetKind::flood);
    EXPECT_EQ(parsed->second, 1500U);
    EXPECT_EQ(parsed->sender, kGuest);
  }
}

TEST(BenchNetFrames, OtherFramesAreNobodys) {
  EXPECT_FALSE(parse_net_request({}));
  EXPECT_FALSE(parse_net_request(request(0, 0)));
  EXPECT_FALSE(parse_net_request(request(6, 0)));
  auto frame = request(2, 0);
  frame[12] = std::byte{0x86};
  EXPECT_FALSE(parse_net_request(frame));
  frame = request(2, 0);
  for (std::size_t size = 0; size < 22; ++size)
    EXPECT_FALSE(parse_net_request(std::span(frame).first(size))) << size;
  EXPECT_TRUE(parse_net_request(std::span(frame).first(22)));
}

TEST(BenchNetFrames, AFloodHasOnlySizesOfCells) {
  EXPECT_EQ(flood_frame(kGuest, 64)->size(), 64U);
  EXPECT_EQ(flood_frame(kGuest, 1514)->size(), 1514U);
  EXPECT_EQ(flood_frame(kGuest, kLargeFrame)->size(), 64294U);
  for (const std::uint32_t size : {0U, 21U, 1515U, 64293U, 64295U, 0xffffffffU})
    EXPECT_FALSE(flood_frame(kGuest, size)) << size;
}

std::uint32_t sum(std::span<const std::byte> bytes) {
  std::uint32_t total = 0;
  for (std::size_t i = 0; i + 1 < bytes.size(); i += 2)
    total += std::to_integer<std::uint32_t>(bytes[i]) << 8 |
             std::to_integer<std::uint32_t>(bytes[i + 1]);
  while (total >> 16 != 0)
    total = (total & 0xffff) + (total >> 16);
  return total;
}

// RFC 1071: with its checksum in it, a header sums up to ones.
TEST(BenchNetFrames, TheLargeOneHasARightIpHeader) {
  const auto frame = *flood_frame(kGuest, kLargeFrame);
  EXPECT_EQ(sum(std::span(frame).subspan(14, 20)), 0xffffU);
  EXPECT_EQ(frame[16], std::byte{64280 >> 8});
  EXPECT_EQ(frame[17], std::byte{64280 & 0xff});
}

TEST(BenchNetFrames, APingGoesBackToItsSender) {
  auto frame = request(5, 7);
  EXPECT_TRUE(std::equal(kGuest.begin(), kGuest.end(), frame.begin() + 6));
  exchange_addresses(frame);
  EXPECT_TRUE(std::equal(kGuest.begin(), kGuest.end(), frame.begin()));
  std::array<std::byte, 3> tiny{};
  exchange_addresses(tiny);
}

}  // namespace
}  // namespace skiff::bench
