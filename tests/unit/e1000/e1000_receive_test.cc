// Frames of the wire into the driver's buffers.
#include <chrono>

#include "tests/unit/e1000/e1000_fixture.h"

namespace skiff::e1000_test {
namespace {

class E1000Receive : public E1000Test {};

const std::string kFcs(4, '\0');

TEST_F(E1000Receive, AFrameComesWithRoomForItsCheckSequence) {
  start();
  give(4);
  arrive(raw_frame(100));
  const auto received = take();
  ASSERT_TRUE(received);
  EXPECT_EQ(received->frame, raw_frame(100) + kFcs);
  EXPECT_EQ(received->last.status, kRxDd | kRxEop | kRxIxsm);
  EXPECT_EQ(received->last.errors, 0);
  EXPECT_EQ(read(kRdh), 1U);
  EXPECT_EQ(read(kIcr) & kIntRxt0, kIntRxt0);
  EXPECT_EQ(read(E1000Statistics::gprc), 1U);
  EXPECT_EQ(read(E1000Statistics::gorc), 104U);
  EXPECT_EQ(read(E1000Statistics::gorc + 4), 0U);
  EXPECT_EQ(read(E1000Statistics::gorc), 0U);
  EXPECT_FALSE(take());
}

TEST_F(E1000Receive, SecrcLeavesItOut) {
  start(plain(), kRctlEn | kRctlSecrc);
  give(4);
  arrive(raw_frame(100));
  EXPECT_EQ(take()->frame, raw_frame(100));
}

TEST_F(E1000Receive, ShortFramesArePadded) {
  start();
  give(4);
  arrive(raw_frame(42));
  EXPECT_EQ(take()->frame, raw_frame(42) + std::string(18, '\0') + kFcs);
}

TEST_F(E1000Receive, AFrameMayTakeSeveralBuffers) {
  start(plain(), kRctlEn | kRctlLpe | 3U << kRctlBsizeShift);  // 256 bytes each
  give(15);
  arrive(raw_frame(1000));
  const auto received = take();
  ASSERT_TRUE(received);
  EXPECT_EQ(received->pieces, 4);
  EXPECT_EQ(received->frame, raw_frame(1000) + kFcs);
  // Exactly as large as its buffers.
  arrive(raw_frame(508));
  EXPECT_EQ(take()->pieces, 2);
  EXPECT_EQ(read(kRdh), 6U);
}

TEST_F(E1000Receive, TheRingGoesRound) {
  start(plain(), kRctlEn | 3U << kRctlBsizeShift);
  give(15);
  for (std::size_t i = 0; i < 100; ++i) {
    arrive(raw_frame(60 + i * 10));
    const auto received = take();
    ASSERT_TRUE(received) << i;
    EXPECT_EQ(received->frame, raw_frame(60 + i * 10) + kFcs);
    give(static_cast<std::uint32_t>(received->pieces));
  }
}

TEST_F(E1000Receive, LongPacketsOnlyWhereLpeSaysSo) {
  start(plain(), kRctlEn);
  give(15);
  arrive(raw_frame(1518));
  EXPECT_TRUE(take());
  arrive(raw_frame(1519));
  EXPECT_FALSE(take());
  EXPECT_EQ(read(E1000Statistics::roc), 1U);
  write(kRctl, kRctlEn | kRctlLpe | kRctlBsex | 1U << kRctlBsizeShift);
  arrive(raw_frame(1519));
  EXPECT_TRUE(take());
  arrive(raw_frame(16380));
  EXPECT_EQ(take()->pieces, 1);
  arrive(raw_frame(16381));
  EXPECT_FALSE(take());
}

TEST_F(E1000Receive, AFrameWaitsForBuffersAndIsNotLost) {
  start();
  arrive(raw_frame(100));
  arrive(raw_frame(200));
  EXPECT_FALSE(take());
  EXPECT_FALSE(wire->wanted[0]);
  EXPECT_EQ(read(E1000Statistics::rnbc), 1U);
  give(1);
  EXPECT_EQ(take()->frame, raw_frame(100) + kFcs);
  EXPECT_FALSE(take());
  give(4);
  EXPECT_EQ(take()->frame, raw_frame(200) + kFcs);
  EXPECT_TRUE(wire->wanted[0]);
}

TEST_F(E1000Receive, FramesForOthersPassBy) {
  start();
  give(15);
  arrive(raw_frame(100, kOther));
  arrive(raw_frame(100, kGroup));
  EXPECT_FALSE(take());
  arrive(raw_frame(100, kEverybody));
  EXPECT_TRUE(take());
  write(kMta + 4 * (0x341 >> 5), 1U << (0x341 & 31));
  arrive(raw_frame(100, kGroup));
  EXPECT_EQ(take()->last.status & kRxPif, kRxPif);
  EXPECT_EQ(read(E1000Statistics::tpr), 4U);
  EXPECT_EQ(read(E1000Statistics::mprc), 1U);
  EXPECT_EQ(read(E1000Statistics::bprc), 1U);
}

TEST_F(E1000Receive, ChecksumsAreJudged) {
  start();
  write(kRxcsum, kRxcsumIpofl | kRxcsumTuofl | 14);
  give(15);
  const Shape shape;
  std::string frame = ip_frame(shape, payload_of(300));
  fill_sums(frame, shape);
  arrive(frame);
  auto received = take();
  EXPECT_EQ(received->last.status & (kRxTcpcs | kRxIpcs | kRxIxsm), kRxTcpcs | kRxIpcs);
  EXPECT_EQ(received->last.errors, 0);
  EXPECT_EQ(received->last.checksum >> 8 | (received->last.checksum & 0xff) << 8,
            static_cast<int>(plain_sum(std::string_view(frame).substr(14))));
  frame.back() = static_cast<char>(frame.back() ^ 1);
  arrive(frame);
  EXPECT_EQ(take()->last.errors, kRxErrorTcpe);
  // The back-end has looked, or the sender has left the sum to us.
  arrive(frame, {.flags = NetFrameHeader::kDataValid});
  EXPECT_EQ(take()->last.errors, 0);
  put_word(frame, shape.sum_field(),
           pseudo_sum(frame, shape, static_cast<unsigned>(frame.size() - shape.layer4())));
  arrive(frame, {.flags = NetFrameHeader::kNeedsChecksum,
                 .csum_start = static_cast<std::uint16_t>(shape.layer4()),
                 .csum_offset = 16});
  received = take();
  EXPECT_EQ(received->last.errors, 0);
  EXPECT_TRUE(has_good_sum(received->frame.substr(0, frame.size()), shape));
}

TEST_F(E1000Receive, TagsComeOutWhereVmeSaysSo) {
  start();
  give(15);
  std::string frame = raw_frame(100);
  frame.insert(12, std::string("\x81\x00\x61\x23", 4));
  arrive(frame);
  EXPECT_EQ(take()->frame, frame + kFcs);
  write(kCtrl, kCtrlSlu | kCtrlVme);
  arrive(frame);
  const auto received = take();
  EXPECT_EQ(received->frame, raw_frame(100) + kFcs);
  EXPECT_EQ(received->last.special, 0x6123);
  EXPECT_EQ(received->last.status & kRxVp, kRxVp);
}

TEST_F(E1000Receive, LimitsHold) {
  create({.mac = kOwn, .limits = {.receive_bytes = {.per_second = 1000, .burst = 110}}});
  bring_up();
  give(15);
  arrive(raw_frame(100));
  arrive(raw_frame(100));
  EXPECT_TRUE(take());
  EXPECT_FALSE(take());
  clock.advance(std::chrono::milliseconds(105));
  clock.run();
  EXPECT_TRUE(take());
}

TEST_F(E1000Receive, WithTheCableOutFramesAreLost) {
  start();
  give(15);
  card->set_link(false);
  clock.run();
  arrive(raw_frame(100));
  EXPECT_TRUE(wire->arriving[0].empty());
  EXPECT_FALSE(take());
  card->set_link(true);
  clock.run();
  arrive(raw_frame(100));
  EXPECT_TRUE(take());
}

TEST_F(E1000Receive, ADisabledReceiverTakesNothing) {
  start();
  give(15);
  write(kRctl, 0);
  clock.run();
  EXPECT_FALSE(wire->wanted[0]);
  arrive(raw_frame(100));
  EXPECT_FALSE(take());
  write(kRctl, kRctlEn);
  clock.run();
  EXPECT_TRUE(take());
}

TEST_F(E1000Receive, ABackEndThatEndsPullsTheCable) {
  start();
  read(kIcr);
  wire->closed = true;
  wire->events.on_receivable(0);
  clock.run();
  EXPECT_EQ(read(kStatus) & kStatusLu, 0U);
  EXPECT_EQ(read(kIcr) & kIntLsc, kIntLsc);
  EXPECT_TRUE(card->link());  // nobody has pulled it
  card->set_link(false);
  card->set_link(true);
  EXPECT_EQ(read(kStatus) & kStatusLu, 0U);
}

TEST_F(E1000Receive, ManyFramesAreFewInterrupts) {
  start();
  write(kIms, kIntRxt0);
  give(15);
  for (int i = 0; i < 10; ++i)
    wire->arriving[0].push_back({{}, raw_frame(100)});
  wire->tell();
  clock.run();
  EXPECT_EQ(irq.edges, 1);
  for (int i = 0; i < 10; ++i)
    EXPECT_TRUE(take());
}

}  // namespace
}  // namespace skiff::e1000_test
