#include "virtio/net/receive_filter.h"

#include <gtest/gtest.h>

namespace skiff {
namespace {

constexpr MacAddress kOwn{{2, 0, 0, 0, 0, 1}};
constexpr MacAddress kOther{{2, 0, 0, 0, 0, 2}};
constexpr MacAddress kGroup{{0x33, 0x33, 0, 0, 0, 1}};
constexpr MacAddress kBroadcast{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};

ReceiveFilter strict() {
  ReceiveFilter filter;
  filter.promiscuous = false;
  filter.own = kOwn;
  return filter;
}

TEST(ReceiveFilter, StartsPromiscuous) {
  for (const auto& address : {kOwn, kOther, kGroup, kBroadcast})
    EXPECT_TRUE(ReceiveFilter{}.accepts(address));
}

TEST(ReceiveFilter, WithoutPromiscuityOwnAndBroadcastPass) {
  EXPECT_TRUE(strict().accepts(kOwn));
  EXPECT_TRUE(strict().accepts(kBroadcast));
  EXPECT_FALSE(strict().accepts(kOther));
  EXPECT_FALSE(strict().accepts(kGroup));
}

TEST(ReceiveFilter, Tables) {
  ReceiveFilter filter = strict();
  filter.unicast.add(kOther);
  EXPECT_TRUE(filter.accepts(kOther));
  filter.unicast.add(kGroup);
  EXPECT_FALSE(filter.accepts(kGroup)) << "in the wrong table";
  filter.multicast.add(kGroup);
  EXPECT_TRUE(filter.accepts(kGroup));
}

TEST(ReceiveFilter, AnOverflowTakesAllOfItsKindOnly) {
  ReceiveFilter filter = strict();
  for (std::size_t i = 0; i <= MacTable::kCapacity; ++i)
    filter.multicast.add({{1, 0, 0, 0, 0, static_cast<std::uint8_t>(i)}});
  EXPECT_TRUE(filter.accepts(kGroup));
  EXPECT_FALSE(filter.accepts(kOther));
}

TEST(ReceiveFilter, Modes) {
  ReceiveFilter filter = strict();
  filter.all_multicast = true;
  EXPECT_TRUE(filter.accepts(kGroup));
  EXPECT_FALSE(filter.accepts(kOther));
  filter = strict();
  filter.all_unicast = true;
  EXPECT_TRUE(filter.accepts(kOther));
  EXPECT_FALSE(filter.accepts(kGroup));
  filter = strict();
  filter.no_unicast = true;
  EXPECT_FALSE(filter.accepts(kOwn));
  filter = strict();
  filter.no_broadcast = true;
  EXPECT_FALSE(filter.accepts(kBroadcast));
  filter = strict();
  filter.multicast.add(kGroup);
  filter.no_multicast = true;
  EXPECT_FALSE(filter.accepts(kGroup));
}

}  // namespace
}  // namespace skiff
