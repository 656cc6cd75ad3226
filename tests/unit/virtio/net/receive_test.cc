// What the guest gets.
#include "tests/unit/virtio/net/net_fixture.h"

namespace skiff::net_test {
namespace {

using std::chrono::milliseconds;

class NetReceive : public NetTest {};

TEST_F(NetReceive, AFrameInOneBuffer) {
  make();
  give(1, 2000);
  wire->arrive(make_frame(1514));
  const auto received = take();
  ASSERT_TRUE(received);
  EXPECT_EQ(received->frame, make_frame(1514));
  EXPECT_EQ(received->header, NetFrameHeader{.num_buffers = 1});
  EXPECT_EQ(driver->interrupts.of_queue(0), 1);
}

TEST_F(NetReceive, WithoutMergeableBuffersNumBuffersIsOne) {
  make(~kMrgRxbuf);
  give(1, 2000);
  wire->arrive(make_frame(60));
  EXPECT_EQ(take()->header.num_buffers, 1);
}

TEST_F(NetReceive, TheWiresHeaderReachesTheGuest) {
  make();
  give(2, 2000);
  const NetFrameHeader header{.flags = NetFrameHeader::kNeedsChecksum,
                              .gso_type = NetFrameHeader::kGsoTcp4,
                              .hdr_len = 54,
                              .gso_size = 1448,
                              .csum_start = 34,
                              .csum_offset = 16};
  wire->arrive(make_frame(3000), header);
  const auto received = take();
  ASSERT_TRUE(received);
  NetFrameHeader expected = header;
  expected.num_buffers = 2;
  EXPECT_EQ(received->header, expected);
  EXPECT_EQ(received->frame, make_frame(3000));
}

// Every size around the borders of the buffers, and buffers smaller than the header.
TEST_F(NetReceive, MergedBuffersHoldEveryByte) {
  for (const std::uint32_t buffer : {100U, 7U, 13U}) {
    if (driver) driver->detach();
    device.reset();
    driver.reset();
    make();
    for (const std::size_t size : {14U, 60U, 71U, 72U, 73U, 74U, 75U, 87U, 88U, 89U}) {
      if ((size + kHeader + buffer - 1) / buffer > FakeVirtioDriver::kQueueSize) continue;
      give(driver->queue(0).free(), buffer);
      wire->arrive(make_frame(size));
      std::string bytes;
      while (auto part = driver->take(0)) {
        EXPECT_LE(part->size(), buffer);
        bytes += *part;
      }
      ASSERT_EQ(bytes.size(), kHeader + size) << buffer << ' ' << size;
      EXPECT_EQ(bytes.substr(kHeader), make_frame(size)) << buffer;
      NetFrameHeader header;
      std::memcpy(&header, bytes.data(), sizeof header);
      EXPECT_EQ(header.num_buffers, (kHeader + size + buffer - 1) / buffer);
    }
  }
}

// Too few buffers for a frame that was taken off the wire: it waits, whole, for more.
TEST_F(NetReceive, AFrameWaitsForTheRestOfItsBuffers) {
  make();
  give(3, 1000);
  wire->arrive(make_frame(9000), {.gso_type = NetFrameHeader::kGsoTcp4});
  EXPECT_FALSE(driver->queue(0).has_used());
  EXPECT_FALSE(wire->wanted[0]);
  give(6, 1000);
  EXPECT_FALSE(driver->queue(0).has_used());
  give(1, 1000);
  const auto received = take();
  ASSERT_TRUE(received);
  EXPECT_EQ(received->header.num_buffers, 10);
  EXPECT_EQ(received->frame, make_frame(9000));
  EXPECT_FALSE(wire->wanted[0]) << "no buffer is left";
}

TEST_F(NetReceive, AFrameNoNumberOfBuffersHoldsIsLostAndTheNextArrives) {
  make();
  give(FakeVirtioDriver::kQueueSize, 100);
  wire->arrive(make_frame(1600), {.gso_type = NetFrameHeader::kGsoTcp4});
  EXPECT_FALSE(driver->queue(0).has_used());
  EXPECT_GT(device->guest_faults(), 0U);
  wire->arrive(make_frame(60));
  EXPECT_EQ(take()->frame, make_frame(60));
}

TEST_F(NetReceive, WithoutMergeableBuffersALargeFrameIsLostAndTheBufferKept) {
  make(~kMrgRxbuf);
  give(1, 200);
  wire->arrive(make_frame(500));
  EXPECT_FALSE(driver->queue(0).has_used());
  wire->arrive(make_frame(188));
  EXPECT_EQ(take()->frame, make_frame(188));
}

TEST_F(NetReceive, WithoutBuffersFramesStayOnTheWire) {
  make();
  wire->arrive(make_frame(60));
  EXPECT_EQ(wire->arriving[0].size(), 1U);
  EXPECT_FALSE(wire->wanted[0]);
  EXPECT_EQ(driver->interrupts.of_queue(0), 0);
  give(1, 200);
  EXPECT_EQ(take()->frame, make_frame(60));
}

TEST_F(NetReceive, OneInterruptForABatch) {
  make();
  give(10, 200);
  for (int i = 0; i < 10; ++i)
    wire->arriving[0].push_back({{}, make_frame(60)});
  wire->tell();
  EXPECT_EQ(driver->interrupts.of_queue(0), 1);
  for (int i = 0; i < 10; ++i)
    EXPECT_TRUE(take());
}

// The driver may begin with what is there while more comes.
TEST_F(NetReceive, ALongBatchIsShownInParts) {
  make();
  give(FakeVirtioDriver::kQueueSize, 2048);
  // Four rings full of frames of 32 KiB less the headers.
  for (int i = 0; i < 4; ++i)
    wire->arriving[0].push_back({{.gso_type = NetFrameHeader::kGsoTcp4}, make_frame(32000)});
  for (int i = 0; i < 4; ++i) {
    wire->tell();
    EXPECT_EQ(take()->frame.size(), 32000U);
    give(FakeVirtioDriver::kQueueSize, 2048);
  }
}

// More than one round: the turn ends, the rest comes in the next one, not before.
TEST_F(NetReceive, ARoundIsBounded) {
  make();
  device->set_link(false);
  clock.run();
  for (int i = 0; i < 1000; ++i)
    wire->arriving[0].push_back({{}, make_frame(60)});
  wire->receives = 0;
  wire->tell();
  EXPECT_LT(wire->receives, 100);
  clock.run();
  EXPECT_TRUE(wire->arriving[0].empty());
}

TEST_F(NetReceive, PulledCableLosesFrames) {
  make();
  give(1, 200);
  device->set_link(false);
  clock.run();
  EXPECT_EQ(driver->interrupts.of_config(), 1);
  EXPECT_EQ(config<std::uint16_t>(kConfigStatus), 0);
  wire->arrive(make_frame(60));
  EXPECT_TRUE(wire->arriving[0].empty());
  EXPECT_FALSE(driver->queue(0).has_used());
  device->set_link(true);
  device->set_link(true);
  clock.run();
  EXPECT_EQ(driver->interrupts.of_config(), 2);
  EXPECT_EQ(config<std::uint16_t>(kConfigStatus), kStatusLinkUp);
  wire->arrive(make_frame(61));
  EXPECT_EQ(take()->frame, make_frame(61));
}

TEST_F(NetReceive, ACableOutFromTheStart) {
  make(kAll, {.link = false});
  give(1, 200);
  EXPECT_EQ(config<std::uint16_t>(kConfigStatus), 0);
  wire->arrive(make_frame(60));
  EXPECT_FALSE(driver->queue(0).has_used());
}

TEST_F(NetReceive, AWireThatIsGonePullsTheCable) {
  make();
  give(1, 200);
  wire->closed = true;
  wire->tell();
  EXPECT_EQ(driver->interrupts.of_config(), 1);
  EXPECT_EQ(config<std::uint16_t>(kConfigStatus), 0);
  EXPECT_FALSE(wire->wanted[0]);
  device->set_link(false);
  device->set_link(true);
  clock.run();
  EXPECT_EQ(config<std::uint16_t>(kConfigStatus), 0) << "there is nothing to plug it into";
}

TEST_F(NetReceive, FilteredFramesTakeNoBuffer) {
  make();
  give(1, 200);
  EXPECT_EQ(command(std::string("\0\0\0", 3)), kAckOk);
  wire->arrive(make_frame(60, {{2, 0, 0, 0, 0, 9}}));
  EXPECT_FALSE(driver->queue(0).has_used());
  wire->arrive(make_frame(61));
  EXPECT_EQ(take()->frame, make_frame(61));
}

TEST_F(NetReceive, FramesBeyondTheMtuAreLostUnlessTheyAreSegments) {
  make();
  give(4, 2048);
  wire->arrive(make_frame(1500 + 19));
  EXPECT_FALSE(driver->queue(0).has_used());
  wire->arrive(make_frame(1500 + 18));
  EXPECT_TRUE(take());
  wire->arrive(make_frame(3000), {.gso_type = NetFrameHeader::kGsoTcp4});
  EXPECT_TRUE(take());
}

TEST_F(NetReceive, PacketLimitHoldsFramesBack) {
  make(kAll, {.limits = {.receive_packets = {.per_second = 10, .burst = 1}}});
  give(3, 200);
  wire->arrive(make_frame(60));
  wire->arrive(make_frame(61));
  EXPECT_EQ(take()->frame, make_frame(60));
  EXPECT_FALSE(take());
  clock.advance(milliseconds(99));
  EXPECT_FALSE(take());
  clock.advance(milliseconds(1));
  EXPECT_EQ(take()->frame, make_frame(61));
}

TEST_F(NetReceive, ByteLimit) {
  make(kAll, {.limits = {.receive_bytes = {.per_second = 1000, .burst = 500}}});
  give(3, 1000);
  wire->arrive(make_frame(500));
  wire->arrive(make_frame(250));
  EXPECT_TRUE(take());
  EXPECT_FALSE(take());
  clock.advance(milliseconds(250));
  EXPECT_EQ(take()->frame, make_frame(250));
}

TEST_F(NetReceive, ResetForgetsTheFrameThatWaited) {
  make();
  give(1, 100);
  wire->arrive(make_frame(500));
  device->reset([] {});
  clock.run();
  driver->lay_rings();
  driver->activate(negotiated);
  give(8, 100);
  EXPECT_FALSE(driver->queue(0).has_used());
  wire->arrive(make_frame(60));
  EXPECT_EQ(take()->frame, make_frame(60));
}

TEST_F(NetReceive, OnlyActivePairsReceive) {
  make(kAll, {.pairs = 2});
  give(2, 200, 0);
  give(2, 200, 2);
  wire->arrive(make_frame(60), {}, 1);
  EXPECT_FALSE(driver->queue(2).has_used());
  EXPECT_EQ(command(std::string("\4\0\2\0", 4)), kAckOk);
  EXPECT_EQ(take(2)->frame, make_frame(60));
  EXPECT_EQ(command(std::string("\4\0\1\0", 4)), kAckOk);
  EXPECT_FALSE(wire->wanted[1]);
  EXPECT_TRUE(wire->wanted[0]);
}

TEST_F(NetReceive, WithoutMqTheThirdQueueIsTheControlQueue) {
  make(~kMq, {.pairs = 2});
  EXPECT_EQ(control_queue(), 2);
  EXPECT_EQ(command(std::string("\0\0\0", 3)), kAckOk);
}

TEST_F(NetReceive, PackedRingWithManyRounds) {
  make(kAll, {}, std::nullopt, {.packed = true});
  for (std::size_t i = 0; i < 100; ++i) {
    give(3, 100);
    wire->arrive(make_frame(150 + i));
    const auto received = take();
    ASSERT_TRUE(received);
    EXPECT_EQ(received->frame, make_frame(150 + i));
    while (driver->take(0)) {
    }
    if (driver->queue(0).free() < 3) {
      device->reset([] {});
      clock.run();
      driver->lay_rings();
      driver->activate(negotiated);
      clock.run();
    }
  }
}

TEST_F(NetReceive, EventIdx) {
  make(kAll, {}, std::nullopt, {.event_idx = true});
  for (std::size_t i = 0; i < 70; ++i) {
    give(1, 200);
    wire->arrive(make_frame(60 + i));
    EXPECT_EQ(take()->frame, make_frame(60 + i));
    // The driver asked for no further interrupt: there was one, for the first.
  }
  EXPECT_EQ(driver->interrupts.of_queue(0), 1);
}

}  // namespace
}  // namespace skiff::net_test
