// The control queue, through the device.
#include "tests/unit/virtio/net/net_fixture.h"

namespace skiff::net_test {
namespace {

class NetControl : public NetTest {
 protected:
  bool receives(const MacAddress& to) {
    give(1, 200);
    wire->arrive(make_frame(60, to));
    return take().has_value();
  }
};

constexpr MacAddress kOther{{2, 0, 0, 0, 0, 9}};
constexpr MacAddress kGroup{{0x33, 0x33, 0, 0, 0, 1}};

TEST_F(NetControl, PromiscuousModeIsOnUntilTheDriverTurnsItOff) {
  make();
  EXPECT_TRUE(receives(kOther));
  EXPECT_EQ(command(std::string("\0\0\0", 3)), kAckOk);
  EXPECT_FALSE(receives(kOther));
  EXPECT_TRUE(receives(kMacAddress));
  EXPECT_EQ(command(std::string("\0\0\1", 3)), kAckOk);
  EXPECT_TRUE(receives(kOther));
}

TEST_F(NetControl, AllMulticast) {
  make();
  command(std::string("\0\0\0", 3));
  EXPECT_FALSE(receives(kGroup));
  EXPECT_EQ(command(std::string("\0\1\1", 3)), kAckOk);
  EXPECT_TRUE(receives(kGroup));
}

TEST_F(NetControl, MacTables) {
  make();
  command(std::string("\0\0\0", 3));
  const std::string tables = std::string("\1\0", 2) + bytes_of(std::uint32_t{1}) +
                             bytes_of(kOther) + bytes_of(std::uint32_t{1}) + bytes_of(kGroup);
  EXPECT_EQ(command(tables), kAckOk);
  EXPECT_TRUE(receives(kOther));
  EXPECT_TRUE(receives(kGroup));
  // A refused command changes nothing.
  EXPECT_EQ(command(tables.substr(0, tables.size() - 1)), kAckErr);
  EXPECT_TRUE(receives(kOther));
}

TEST_F(NetControl, MacAddressShowsInTheConfigurationUntilReset) {
  make();
  command(std::string("\0\0\0", 3));
  EXPECT_EQ(command(std::string("\1\1", 2) + bytes_of(kOther)), kAckOk);
  EXPECT_EQ(config<MacAddress>(kConfigMac), kOther);
  EXPECT_TRUE(receives(kOther));
  EXPECT_FALSE(receives(kMacAddress));
  device->reset([] {});
  clock.run();
  EXPECT_EQ(config<MacAddress>(kConfigMac), kMacAddress);
}

TEST_F(NetControl, PairsBeyondTheDevicesAreRefused) {
  make(kAll, {.pairs = 2});
  EXPECT_EQ(wire->pairs, 1) << "as 5.1.6.5.5 starts";
  EXPECT_EQ(command(std::string("\4\0\3\0", 4)), kAckErr);
  EXPECT_EQ(command(std::string("\4\0\0\0", 4)), kAckErr);
  EXPECT_EQ(command(std::string("\4\0\2\0", 4)), kAckOk);
  EXPECT_EQ(wire->pairs, 2);
}

TEST_F(NetControl, GuestOffloads) {
  make();
  EXPECT_TRUE(wire->offloads.tso4);
  EXPECT_EQ(command(std::string("\5\0", 2) + bytes_of(kGuestCsum)), kAckOk);
  EXPECT_EQ(wire->offloads, NetOffloads{.checksum = true});
  EXPECT_EQ(command(std::string("\5\0", 2) + bytes_of(std::uint64_t{0})), kAckOk);
  EXPECT_EQ(wire->offloads, NetOffloads{});
}

TEST_F(NetControl, ResetPutsEverythingBack) {
  make(kAll, {.pairs = 2});
  command(std::string("\0\0\0", 3));
  command(std::string("\4\0\2\0", 4));
  device->reset([] {});
  clock.run();
  driver->lay_rings();
  driver->activate(negotiated);
  clock.run();
  EXPECT_EQ(wire->pairs, 1);
  EXPECT_TRUE(receives(kOther));
}

TEST_F(NetControl, HeaderDataAndAnswerInPieces) {
  make();
  const GuestAddress at = driver->buffer(2);
  const std::string bytes = std::string("\1\1", 2) + bytes_of(kOther);
  driver->memory().write(at, std::as_bytes(std::span(bytes)));
  const GuestAddress ack = driver->buffer(2);
  driver->memory().store<std::uint8_t>(ack, 0xee);
  driver->queue(2).offer({{at, 1},
                          {at.plus(1).value(), 1},
                          {at.plus(2).value(), 5},
                          {at.plus(7).value(), 1},
                          {ack, 1, true},
                          {ack.plus(1).value(), 3, true}});
  driver->kick(2);
  clock.run();
  EXPECT_EQ(driver->memory().load<std::uint8_t>(ack), kAckOk);
  EXPECT_EQ(config<MacAddress>(kConfigMac), kOther);
}

TEST_F(NetControl, WithoutCtrlVqTheQueueIsLeftAlone) {
  make(~kCtrlVq);
  EXPECT_FALSE(command(std::string("\0\0\0", 3)));
}

}  // namespace
}  // namespace skiff::net_test
