#include "vmm/net/internet_checksum.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace skiff {
namespace {

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}
// Word by word, as RFC 1071 writes it.
unsigned slow_sum(std::string_view bytes) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i)
    sum += static_cast<unsigned char>(bytes[i]) * (i % 2 == 0 ? 256U : 1U);
  while (sum >> 16 != 0)
    sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<unsigned>(sum);
}
unsigned in_network_order(std::uint16_t stored) {
  return std::byteswap(stored);
}

TEST(InternetChecksum, TheExampleOfRfc1071) {
  InternetSum sum;
  sum.add(bytes_of(std::string_view("\x00\x01\xf2\x03\xf4\xf5\xf6\xf7", 8)));
  EXPECT_EQ(in_network_order(sum.folded()), 0xddf2U);
  EXPECT_EQ(in_network_order(sum.checksum()), 0x220dU);
}

// Every length, and every place to cut it in two and three.
TEST(InternetChecksum, PiecesOfAnyLengthSumUpAlike) {
  std::string data;
  for (int i = 0; i < 100; ++i)
    data += static_cast<char>(255 - i * 37);
  for (std::size_t size = 0; size <= data.size(); ++size) {
    const std::string_view all = std::string_view(data).substr(0, size);
    for (std::size_t cut = 0; cut <= size; ++cut) {
      InternetSum sum;
      sum.add(bytes_of(all.substr(0, cut)));
      sum.add(bytes_of(all.substr(cut, (size - cut) / 3)));
      sum.add(bytes_of(all.substr(cut + (size - cut) / 3)));
      ASSERT_EQ(in_network_order(sum.folded()), slow_sum(all)) << size << " cut at " << cut;
    }
  }
}

TEST(InternetChecksum, LargeDataOfOnesStaysExact) {
  const std::string ones(65535, '\xff');
  InternetSum sum;
  sum.add(bytes_of(ones));
  EXPECT_EQ(in_network_order(sum.folded()), slow_sum(ones));
}

TEST(InternetChecksum, NumbersAndStoredWords) {
  InternetSum sum;
  sum.add_number(0x1234);
  sum.add_stored(std::byteswap(std::uint16_t{0x0001}));
  EXPECT_EQ(in_network_order(sum.folded()), 0x1235U);
  EXPECT_FALSE(sum.is_good());
  sum.add_stored(sum.checksum());
  EXPECT_TRUE(sum.is_good());
}

}  // namespace
}  // namespace skiff
