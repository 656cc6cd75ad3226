#include "vmm/machine/size_text.h"

#include <gtest/gtest.h>

namespace skiff {
namespace {

TEST(SizeText, ReadsUnitsAndFractions) {
  EXPECT_EQ(parse_size("0"), 0U);
  EXPECT_EQ(parse_size("65536"), 65536U);
  EXPECT_EQ(parse_size("4K"), 4096U);
  EXPECT_EQ(parse_size("4k"), 4096U);
  EXPECT_EQ(parse_size("512M"), 512ULL << 20);
  EXPECT_EQ(parse_size("512 MiB"), 512ULL << 20);
  EXPECT_EQ(parse_size("1gb"), 1ULL << 30);
  EXPECT_EQ(parse_size("4.5G"), 9ULL << 29);
  EXPECT_EQ(parse_size("0.5T"), 1ULL << 39);
  EXPECT_EQ(parse_size("16777215T"), 0xffffffULL << 40);
  EXPECT_EQ(parse_size("18446744073709551615"), 0xffff'ffff'ffff'ffffULL);
}

TEST(SizeText, RefusesTheRest) {
  for (const char* text : {"",
                           "M",
                           "-1G",
                           "+1G",
                           "1.G",
                           ".5G.",
                           "1..5G",
                           "1.2.3G",
                           "0x10",
                           "1 2M",
                           "1MM",
                           "1P",
                           "1.5",
                           "1.1K",
                           "16777216T",
                           "18446744073709551616",
                           "999999999999999999999",
                           "0.0000000001T",
                           "1e3",
                           "\xc2\xb2",
                           "NaN",
                           "inf",
                           "1M\n"}) {
    EXPECT_FALSE(parse_size(text).has_value()) << text;
  }
}

TEST(SizeText, WritesTheShortestExactForm) {
  EXPECT_EQ(format_size(0), "0");
  EXPECT_EQ(format_size(1000), "1000");
  EXPECT_EQ(format_size(1024), "1K");
  EXPECT_EQ(format_size(9ULL << 29), "4608M");
  EXPECT_EQ(format_size(1ULL << 46), "64T");
  EXPECT_EQ(format_size(1ULL << 60), "1048576T");
  for (const std::uint64_t bytes : {1ULL, 4095ULL, 4096ULL, 1ULL << 33, (1ULL << 33) + 4096}) {
    EXPECT_EQ(parse_size(format_size(bytes)), bytes);
  }
}

}  // namespace
}  // namespace skiff
