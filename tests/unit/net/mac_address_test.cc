#include "vmm/net/mac_address.h"

#include <gtest/gtest.h>

namespace skiff {
namespace {

TEST(MacAddress, ParsesAndPrints) {
  const auto mac = MacAddress::parse("52:54:00:aB:Cd:0f");
  ASSERT_TRUE(mac);
  EXPECT_EQ(mac->bytes, (std::array<std::uint8_t, 6>{0x52, 0x54, 0, 0xab, 0xcd, 0x0f}));
  EXPECT_EQ(mac->text(), "52:54:00:ab:cd:0f");
}

TEST(MacAddress, RefusesEverythingElse) {
  for (const char* text :
       {"", "52", "52:54:00:12:34", "52:54:00:12:34:5", "52:54:00:12:34:567", "52-54-00-12-34-56",
        "52:54:00:12:34:5g", "52:54:00:12:34:-6", "52:54:00:12:34: 6", "525:4:00:12:34:56",
        "52:54:00:12:34:56:78", "0x:54:00:12:34:56"}) {
    EXPECT_FALSE(MacAddress::parse(text)) << text;
  }
}

TEST(MacAddress, Kinds) {
  EXPECT_TRUE(MacAddress{}.is_zero());
  EXPECT_FALSE(MacAddress{}.is_unicast());
  EXPECT_TRUE((MacAddress{{1, 0, 0x5e, 0, 0, 1}}).is_multicast());
  EXPECT_TRUE((MacAddress{{2, 0, 0, 0, 0, 1}}).is_unicast());
}

TEST(MacAddress, RandomOnesAreLocalUnicastAndDiffer) {
  const MacAddress first = MacAddress::random();
  EXPECT_EQ(first.bytes[0] & 3, 2);
  EXPECT_NE(first, MacAddress::random());
}

}  // namespace
}  // namespace skiff
