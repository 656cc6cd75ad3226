// What the guest sends.
#include "tests/unit/virtio/net/net_fixture.h"

namespace skiff::net_test {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::SizeIs;

class NetTransmit : public NetTest {};

TEST_F(NetTransmit, AFrameGoesOutAsItIs) {
  make();
  const std::string frame = make_frame(1514);
  transmit(frame);
  ASSERT_THAT(wire->sent, SizeIs(1));
  EXPECT_EQ(wire->sent[0].bytes, frame);
  EXPECT_EQ(wire->sent[0].header, NetFrameHeader{});
  const auto used = driver->queue(1).used();
  ASSERT_TRUE(used);
  EXPECT_EQ(used->length, 0U) << "nothing was written";
  EXPECT_EQ(driver->interrupts.of_queue(1), 1);
}

TEST_F(NetTransmit, HeaderAndFrameInAnyPieces) {
  make();
  const std::string bytes = bytes_of(NetFrameHeader{}) + make_frame(60);
  const GuestAddress at = driver->buffer(1);
  driver->memory().write(at, std::as_bytes(std::span(bytes)));
  for (std::uint32_t first = 1; first < bytes.size(); ++first) {
    driver->queue(1).offer(
        {{at, first}, {at.plus(first).value(), static_cast<std::uint32_t>(bytes.size()) - first}});
    driver->kick(1);
    clock.run();
    ASSERT_THAT(wire->sent, SizeIs(first));
    EXPECT_EQ(wire->sent.back().bytes, make_frame(60)) << first;
    EXPECT_TRUE(driver->queue(1).used());
  }
}

TEST_F(NetTransmit, OffloadsReachTheWire) {
  make();
  const NetFrameHeader header{.flags = NetFrameHeader::kNeedsChecksum,
                              .gso_type = NetFrameHeader::kGsoTcp4,
                              .hdr_len = 54,
                              .gso_size = 600,
                              .csum_start = 34,
                              .csum_offset = 16};
  transmit(make_frame(1800), header);
  ASSERT_THAT(wire->sent, SizeIs(1));
  EXPECT_EQ(wire->sent[0].header, header);
}

TEST_F(NetTransmit, OneInterruptAndOneFlushForAll) {
  make();
  wire->flushes = 0;
  for (int i = 0; i < 10; ++i)
    driver->send(1, bytes_of(NetFrameHeader{}) + make_frame(60));
  clock.run();
  EXPECT_THAT(wire->sent, SizeIs(10));
  EXPECT_EQ(driver->interrupts.of_queue(1), 1);
  EXPECT_LE(wire->flushes, 2) << "one for the frames, one to find the queue empty";
}

TEST_F(NetTransmit, WhatWaitedBeforeDriverOkIsSent) {
  make();
  device->reset([] {});
  clock.run();
  driver->lay_rings();
  driver->send(1, bytes_of(NetFrameHeader{}) + make_frame(60));
  driver->activate(negotiated);
  clock.run();
  EXPECT_THAT(wire->sent, SizeIs(1));
}

TEST_F(NetTransmit, FullWireKeepsTheFrameAndTheOrder) {
  make();
  wire->full = true;
  for (const char name : {'a', 'b', 'c'})
    driver->send(1, bytes_of(NetFrameHeader{}) + std::string(60, name));
  clock.run();
  EXPECT_THAT(wire->sent, SizeIs(0));
  EXPECT_FALSE(driver->queue(1).has_used());
  wire->full = false;
  wire->events.on_sendable(0);
  ASSERT_THAT(wire->sent, SizeIs(3));
  EXPECT_EQ(wire->sent[0].bytes[20], 'a');
  EXPECT_EQ(wire->sent[1].bytes[20], 'b');
  EXPECT_EQ(wire->sent[2].bytes[20], 'c');
}

// The last of a batch is refused: those before it are done, it is the first of the next.
TEST_F(NetTransmit, WireThatFillsUpInTheMiddle) {
  make();
  transmit(make_frame(60));
  wire->full = true;
  transmit(make_frame(61));
  transmit(make_frame(62));
  wire->full = false;
  wire->events.on_sendable(0);
  ASSERT_THAT(wire->sent, SizeIs(3));
  EXPECT_EQ(wire->sent[1].bytes, make_frame(61));
  EXPECT_EQ(wire->sent[2].bytes, make_frame(62));
  int used = 0;
  while (driver->queue(1).used())
    ++used;
  EXPECT_EQ(used, 3);
}

TEST_F(NetTransmit, PulledCableLosesFramesAndGivesBuffersBack) {
  make();
  device->set_link(false);
  clock.run();
  transmit(make_frame(60));
  EXPECT_THAT(wire->sent, SizeIs(0));
  EXPECT_TRUE(driver->queue(1).used());
  device->set_link(true);
  clock.run();
  transmit(make_frame(60));
  EXPECT_THAT(wire->sent, SizeIs(1));
}

TEST_F(NetTransmit, PacketLimit) {
  make(kAll, {.limits = {.transmit_packets = {.per_second = 10, .burst = 2}}});
  for (int i = 0; i < 5; ++i)
    driver->send(1, bytes_of(NetFrameHeader{}) + make_frame(60));
  clock.run();
  EXPECT_THAT(wire->sent, SizeIs(2));
  clock.advance(milliseconds(100));
  EXPECT_THAT(wire->sent, SizeIs(3));
  clock.advance(milliseconds(250));
  EXPECT_THAT(wire->sent, SizeIs(5));
}

TEST_F(NetTransmit, ByteLimitCountsTheFrameAlone) {
  make(kAll, {.limits = {.transmit_bytes = {.per_second = 1000, .burst = 1000}}});
  transmit(make_frame(1000));
  transmit(make_frame(500));
  EXPECT_THAT(wire->sent, SizeIs(1));
  clock.advance(milliseconds(499));
  EXPECT_THAT(wire->sent, SizeIs(1));
  clock.advance(milliseconds(1));
  EXPECT_THAT(wire->sent, SizeIs(2));
}

// A refused frame that had its tokens does not pay twice.
TEST_F(NetTransmit, LimitIsPaidOnce) {
  make(kAll, {.limits = {.transmit_packets = {.per_second = 1, .burst = 1}}});
  wire->full = true;
  transmit(make_frame(60));
  wire->full = false;
  wire->events.on_sendable(0);
  EXPECT_THAT(wire->sent, SizeIs(1));
}

TEST_F(NetTransmit, PackedRing) {
  make(kAll, {}, std::nullopt, {.packed = true});
  for (int i = 0; i < 40; ++i) {
    transmit(make_frame(100));
    EXPECT_TRUE(driver->queue(1).used());
  }
  EXPECT_THAT(wire->sent, SizeIs(40));
}

TEST_F(NetTransmit, ResetForgetsTheFrameThatWaited) {
  make();
  wire->full = true;
  transmit(make_frame(60));
  bool done = false;
  device->reset([&done] { done = true; });
  clock.run();
  EXPECT_TRUE(done);
  EXPECT_FALSE(wire->started);
  wire->full = false;
  driver->lay_rings();
  driver->activate(negotiated);
  clock.run();
  EXPECT_THAT(wire->sent, SizeIs(0));
  transmit(make_frame(61));
  ASSERT_THAT(wire->sent, SizeIs(1));
  EXPECT_EQ(wire->sent[0].bytes, make_frame(61));
}

TEST_F(NetTransmit, PairsHaveTheirOwnQueues) {
  make(kAll, {.pairs = 2});
  EXPECT_EQ(command(std::string("\4\0\2\0", 4)), kAckOk);
  EXPECT_EQ(wire->pairs, 2);
  transmit(make_frame(60), {}, 3);
  transmit(make_frame(60), {}, 1);
  EXPECT_THAT(wire->sent_by, ElementsAre(1, 0));
}

TEST_F(NetTransmit, ALimitThatIsLiftedLetsTheWaitingFrameGo) {
  make(kAll, {.limits = {.transmit_packets = {.per_second = 1, .burst = 1}}});
  transmit(make_frame(60));
  transmit(make_frame(60));
  EXPECT_THAT(wire->sent, SizeIs(1));
  device->set_limits({});
  clock.run();
  EXPECT_THAT(wire->sent, SizeIs(2));
  device->set_limits({.transmit_bytes = {.per_second = 100, .burst = 100}});
  transmit(make_frame(100));
  transmit(make_frame(100));
  EXPECT_THAT(wire->sent, SizeIs(3));
}

}  // namespace
}  // namespace skiff::net_test
