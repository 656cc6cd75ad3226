// Descriptors to frames on the wire.
#include <chrono>

#include "tests/unit/e1000/e1000_fixture.h"

namespace skiff::e1000_test {
namespace {

class E1000Transmit : public E1000Test {
 protected:
  std::string sent(std::size_t index = 0) { return wire->sent.at(index).bytes; }
  // With the pseudo header's sum, as Linux leaves it: of `length`, or of none for segmentation.
  std::string unfinished(const Shape& shape, std::size_t payload, bool has_length) {
    std::string frame = ip_frame(shape, payload_of(payload));
    const auto length = static_cast<unsigned>(frame.size() - shape.layer4());
    put_word(frame, shape.sum_field(), pseudo_sum(frame, shape, has_length ? length : 0));
    return frame;
  }
};

TEST_F(E1000Transmit, ALegacyFrameGoesOutAndItsDescriptorComesBack) {
  start();
  offer_legacy(raw_frame(100));
  offer_legacy(raw_frame(200), kTxEop);
  EXPECT_TRUE(wire->sent.empty());
  ring_transmit();
  ASSERT_EQ(wire->sent.size(), 2U);
  EXPECT_EQ(sent(0), raw_frame(100));
  EXPECT_EQ(sent(1), raw_frame(200));
  EXPECT_EQ(wire->sent[0].header, NetFrameHeader{});
  EXPECT_TRUE(is_done(0));
  EXPECT_FALSE(is_done(1));  // did not ask to hear of it
  EXPECT_EQ(read(kTdh), 2U);
  EXPECT_EQ(read(kIcr) & (kIntTxdw | kIntTxqe), kIntTxdw | kIntTxqe);
  EXPECT_EQ(read(E1000Statistics::gptc), 2U);
  EXPECT_EQ(read(E1000Statistics::gptc), 0U);
  EXPECT_EQ(card->stats().queues.at(1).requests, 2U);
}

TEST_F(E1000Transmit, APacketOfSeveralDescriptorsIsOneFrame) {
  start();
  const std::string frame = raw_frame(3000);
  offer_legacy(frame.substr(0, 14), kTxRs);
  offer_legacy(frame.substr(14, 1), 0);
  offer_legacy("", 0);
  offer_legacy(frame.substr(15));
  ring_transmit();
  ASSERT_EQ(wire->sent.size(), 1U);
  EXPECT_EQ(sent(), frame);
  EXPECT_TRUE(is_done(0));
  EXPECT_TRUE(is_done(3));
}

TEST_F(E1000Transmit, NothingIsWrittenBackBeforeThePacketsEnd) {
  start();
  offer_legacy(raw_frame(100), kTxRs);
  ring_transmit();
  EXPECT_TRUE(wire->sent.empty());
  EXPECT_FALSE(is_done(0));
  offer_legacy("the end");
  ring_transmit();
  EXPECT_EQ(sent(), raw_frame(100) + "the end");
  EXPECT_TRUE(is_done(0));
  EXPECT_TRUE(is_done(1));
}

TEST_F(E1000Transmit, TheRingGoesRound) {
  start();
  for (std::uint32_t i = 0; i < 100; ++i) {
    offer_legacy(raw_frame(60 + i));
    if (i % 3 == 0) offer_legacy(raw_frame(60 + i));
    ring_transmit();
  }
  EXPECT_EQ(wire->sent.size(), 134U);
  EXPECT_EQ(read(kTdh), tx_tail);
}

TEST_F(E1000Transmit, ALegacyChecksum) {
  start(plain());
  const Shape shape;
  const std::string frame = unfinished(shape, 100, true);
  offer_legacy(frame, kTxEop | kTxRs | kTxIc, static_cast<std::uint8_t>(shape.layer4()),
               static_cast<std::uint8_t>(shape.sum_field()));
  // A field past the frame's end is none.
  offer_legacy(raw_frame(60), kTxEop | kTxRs | kTxIc, 14, 59);
  ring_transmit();
  ASSERT_EQ(wire->sent.size(), 2U);
  EXPECT_TRUE(has_good_sum(sent(0), shape));
  EXPECT_EQ(sent(1), raw_frame(60));
}

TEST_F(E1000Transmit, AChecksumOfAContext) {
  const Shape shape{.is_tcp = false};
  for (const bool can : {false, true}) {
    card.reset();
    start(can ? FakeNetBackend::full_capabilities() : plain());
    const std::string frame = unfinished(shape, 100, true);
    offer_context(shape, 0, 0, 0);
    offer_data(frame.substr(0, 50), 0, kTxPoptsTxsm);
    offer_data(frame.substr(50));
    // The context stays.
    offer_data(frame, kTxEop | kTxRs, kTxPoptsTxsm);
    ring_transmit();
    ASSERT_EQ(wire->sent.size(), 2U);
    for (std::size_t i = 0; i < 2; ++i) {
      if (can) {
        EXPECT_EQ(wire->sent[i].header.csum_start, shape.layer4());
        EXPECT_EQ(sent(i), frame);
      } else {
        EXPECT_TRUE(has_good_sum(sent(i), shape));
        EXPECT_EQ(wire->sent[i].header, NetFrameHeader{});
      }
    }
  }
}

TEST_F(E1000Transmit, SegmentationByTheCardAndByTheBackEnd) {
  const Shape shape;
  for (const bool can : {false, true}) {
    card.reset();
    start(can ? FakeNetBackend::full_capabilities() : plain());
    const std::string frame = unfinished(shape, 30'000, false);
    offer_context(shape, 1000, 30'000, kTxTse | kTxRs);
    offer_data(frame.substr(0, 54), kTxTse, kTxPoptsIxsm | kTxPoptsTxsm);
    offer_data(frame.substr(54, 10'000), kTxTse);
    offer_data(frame.substr(10'054), kTxTse | kTxEop | kTxRs);
    ring_transmit();
    EXPECT_TRUE(is_done(0));
    EXPECT_TRUE(is_done(3));
    EXPECT_FALSE(is_done(2));
    std::string together;
    for (const auto& each : wire->sent)
      together += each.bytes.substr(54);
    EXPECT_EQ(together, payload_of(30'000));
    ASSERT_EQ(wire->sent.size(), can ? 1U : 30U);
    EXPECT_EQ(wire->sent[0].header.gso_size, can ? 1000 : 0);
    EXPECT_TRUE(can || has_good_sum(sent(29), shape));
    EXPECT_EQ(read(E1000Statistics::gptc), 30U);
    EXPECT_EQ(read(E1000Statistics::tsctc), 1U);
  }
}

// More segments than a batch, or a run, holds.
TEST_F(E1000Transmit, ManySegmentsInManyTurns) {
  start(plain());
  const Shape shape;
  const std::string frame = unfinished(shape, 20'000, false);
  offer_context(shape, 10, 20'000);
  offer_data(frame, kTxTse | kTxEop | kTxRs, kTxPoptsIxsm | kTxPoptsTxsm);
  ring_transmit();
  EXPECT_EQ(wire->sent.size(), 2000U);
  EXPECT_TRUE(is_done(1));
  EXPECT_GE(wire->flushes, 2000 / 64);
}

TEST_F(E1000Transmit, ABackEndThatIsFullIsWaitedFor) {
  start(plain());
  const Shape shape;
  const std::string frame = unfinished(shape, 250, false);
  offer_legacy(raw_frame(60));
  ring_transmit();
  wire->full = true;
  offer_context(shape, 100, 250);
  offer_data(frame, kTxTse | kTxEop | kTxRs, kTxPoptsIxsm | kTxPoptsTxsm);
  offer_legacy(raw_frame(70));
  ring_transmit();
  EXPECT_EQ(wire->sent.size(), 1U);
  EXPECT_FALSE(is_done(2));
  ring_transmit();  // a doorbell meanwhile changes nothing
  EXPECT_EQ(wire->sent.size(), 1U);
  wire->full = false;
  wire->events.on_sendable(0);
  clock.run();
  ASSERT_EQ(wire->sent.size(), 5U);
  EXPECT_TRUE(has_good_sum(sent(2), shape));
  EXPECT_EQ(sent(4), raw_frame(70));
  EXPECT_TRUE(is_done(2));
  EXPECT_TRUE(is_done(3));
}

// The service looks only when it is enabled again.
TEST_F(E1000Transmit, APacketThatWaitsIsForgottenByAStopNobodySaw) {
  for (const bool resets : {false, true}) {
    start(plain());
    wire->full = true;
    offer_legacy(raw_frame(60));
    ring_transmit();
    if (resets) {
      EXPECT_EQ(write(kCtrl, kCtrlRst), IoStatus::ok);
      write(kCtrl, kCtrlSlu);
      write(kTdbal, kTxRing);
      write(kTdlen, kEntries * 16);
    } else {
      EXPECT_EQ(write(kTctl, 0), IoStatus::ok);
    }
    write(kTctl, kTctlEn);
    wire->full = false;
    wire->events.on_sendable(0);
    clock.run();
    EXPECT_TRUE(wire->sent.empty()) << resets;
    EXPECT_FALSE(is_done(0)) << resets;
  }
}

TEST_F(E1000Transmit, LimitsHoldAndChange) {
  create({.mac = kOwn, .limits = {.transmit_packets = {.per_second = 10, .burst = 2}}});
  bring_up();
  for (int i = 0; i < 5; ++i)
    offer_legacy(raw_frame(100));
  ring_transmit();
  EXPECT_EQ(wire->sent.size(), 2U);
  EXPECT_TRUE(is_done(1));
  EXPECT_FALSE(is_done(2));
  clock.advance(std::chrono::milliseconds(101));
  clock.run();
  EXPECT_EQ(wire->sent.size(), 3U);
  card->set_limits({});
  clock.run();
  EXPECT_EQ(wire->sent.size(), 5U);
}

TEST_F(E1000Transmit, TagsGoInWhereVmeSaysSo) {
  start();
  offer_legacy(raw_frame(100), kTxEop | kTxVle, 0, 0, 0x6123);
  ring_transmit();
  EXPECT_EQ(sent(0), raw_frame(100));
  write(kCtrl, kCtrlSlu | kCtrlVme);
  offer_legacy(raw_frame(100), kTxEop | kTxVle, 0, 0, 0x6123);
  offer_data(raw_frame(100), kTxEop | kTxVle, 0, 0x0007);
  offer_legacy(raw_frame(100), kTxEop, 0, 0, 0x6123);
  ring_transmit();
  std::string tagged = raw_frame(100);
  EXPECT_EQ(sent(1), tagged.substr(0, 12) + std::string("\x81\x00\x61\x23", 4) + tagged.substr(12));
  EXPECT_EQ(sent(2), tagged.substr(0, 12) + std::string("\x81\x00\x00\x07", 4) + tagged.substr(12));
  EXPECT_EQ(sent(3), tagged);
}

TEST_F(E1000Transmit, ShortFramesArePaddedWherePspSaysSo) {
  start();
  offer_legacy(raw_frame(20));
  ring_transmit();
  EXPECT_EQ(sent(0), raw_frame(20));
  write(kTctl, kTctlEn | kTctlPsp);
  offer_legacy(raw_frame(20));
  ring_transmit();
  EXPECT_EQ(sent(1), raw_frame(20) + std::string(40, '\0'));
}

TEST_F(E1000Transmit, WithTheCableOutFramesAreLost) {
  start();
  card->set_link(false);
  offer_legacy(raw_frame(100));
  ring_transmit();
  EXPECT_TRUE(wire->sent.empty());
  EXPECT_TRUE(is_done(0));
  card->set_link(true);
  offer_legacy(raw_frame(100));
  ring_transmit();
  EXPECT_EQ(wire->sent.size(), 1U);
}

TEST_F(E1000Transmit, ADisabledQueueStandsStill) {
  start();
  write(kTctl, 0);
  offer_legacy(raw_frame(100));
  ring_transmit();
  EXPECT_TRUE(wire->sent.empty());
  write(kTctl, kTctlEn);
  clock.run();
  EXPECT_EQ(wire->sent.size(), 1U);
}

TEST_F(E1000Transmit, WithoutBusMasteringNothingIsRead) {
  start();
  card->config_write(4, 2, 3);
  offer_legacy(raw_frame(100));
  ring_transmit();
  EXPECT_TRUE(wire->sent.empty());
  card->config_write(4, 2, 7);
  ring_transmit();  // a doorbell is heard again
  EXPECT_EQ(wire->sent.size(), 1U);
}

TEST_F(E1000Transmit, AResetForgetsWhatWasBegun) {
  start(plain());
  wire->full = true;
  offer_legacy(raw_frame(100));
  offer_legacy(raw_frame(200), 0);
  ring_transmit();
  EXPECT_EQ(write(kCtrl, kCtrlRst), IoStatus::ok);
  clock.run();
  EXPECT_EQ(read(kTdt), 0U);
  EXPECT_FALSE(wire->started);
  wire->full = false;
  bring_up();
  offer_legacy(raw_frame(300));
  ring_transmit();
  ASSERT_EQ(wire->sent.size(), 1U);
  EXPECT_EQ(sent(), raw_frame(300));
}

TEST_F(E1000Transmit, OneDoorbellIsOneTurn) {
  start();
  const std::uint64_t before = card->stats().queues.at(1).notifications;
  for (int i = 0; i < 10; ++i) {
    offer_legacy(raw_frame(60));
    write(kTdt, tx_tail);
  }
  clock.run();
  EXPECT_EQ(wire->sent.size(), 10U);
  EXPECT_EQ(wire->flushes, 1);
  EXPECT_EQ(card->stats().queues.at(1).notifications, before + 1);
}

}  // namespace
}  // namespace skiff::e1000_test
