// Drivers that get it wrong: the card answers, stays inside memory and its bounds, and works for
// the next driver.
#include "tests/unit/e1000/e1000_fixture.h"

namespace skiff::e1000_test {
namespace {

class E1000Malformed : public E1000Test {
 protected:
  // A good driver finds a good card.
  void expect_works() {
    write(kCtrl, kCtrlRst);
    clock.run();
    wire->sent.clear();
    wire->arriving[0].clear();
    bring_up();
    offer_legacy(raw_frame(100));
    ring_transmit();
    ASSERT_EQ(wire->sent.size(), 1U);
    EXPECT_TRUE(is_done(0));
    give(8);
    arrive(raw_frame(100));
    EXPECT_TRUE(take());
  }
  std::uint64_t faults() { return card->stats().guest_faults; }
};

struct Ring {
  const char* what;
  std::uint32_t low;
  std::uint32_t high;
  std::uint32_t length;
  std::uint32_t head;
  std::uint32_t tail;
  bool is_fault;
};
const Ring kRings[] = {
    {"no length", 0x1000, 0, 0, 0, 1, false},
    {"tail past the ring", 0x1000, 0, 256, 0, 16, true},
    {"tail far past the ring", 0x1000, 0, 256, 0, 0xffff, true},
    {"head past the ring", 0x1000, 0, 256, 16, 0, true},
    {"head far past the ring", 0x1000, 0, 256, 0xfffe, 3, true},
    {"both past the ring", 0x1000, 0, 256, 17, 18, true},
    {"past memory", 0x00ff'ff80, 0, 256, 0, 1, true},
    {"in no memory", 0x4000'0000, 0, 256, 0, 1, true},
    {"in the card itself", 0xe000'0000, 0, 256, 0, 1, true},
    {"at the end of all addresses", 0xffff'fff0, 0xffff'ffff, 256, 0, 1, true},
    {"longer than memory", 0x0080'0000, 0, 0xf'ff80, 0, 1, true},
};

TEST_F(E1000Malformed, TransmitRings) {
  start();
  for (const Ring& ring : kRings) {
    if (std::string_view(ring.what) == "longer than memory") continue;  // it is just a long one
    write(kTctl, 0);
    write(kTdbal, ring.low);
    write(kTdbah, ring.high);
    write(kTdlen, ring.length);
    write(kTdh, ring.head);
    const std::uint64_t before = faults();
    write(kTctl, kTctlEn);
    write(kTdt, ring.tail);
    clock.run();
    EXPECT_EQ(faults() > before, ring.is_fault) << ring.what;
    // It is looked at once, not for ever.
    EXPECT_LE(faults() - before, 8U) << ring.what;
    EXPECT_FALSE(clock.run()) << ring.what;
    EXPECT_TRUE(wire->sent.empty()) << ring.what;
  }
  expect_works();
}

TEST_F(E1000Malformed, ReceiveRings) {
  start();
  for (const Ring& ring : kRings) {
    if (std::string_view(ring.what) == "longer than memory") continue;
    write(kRctl, 0);
    clock.run();
    wire->arriving[0].clear();
    write(kRdbal, ring.low);
    write(kRdbah, ring.high);
    write(kRdlen, ring.length);
    write(kRdh, ring.head);
    write(kRdt, ring.tail);
    const std::uint64_t before = faults();
    write(kRctl, kRctlEn);
    clock.run();
    arrive(raw_frame(100));
    EXPECT_EQ(faults() > before, ring.is_fault) << ring.what;
    EXPECT_LE(faults() - before, 8U) << ring.what;
    EXPECT_FALSE(clock.run()) << ring.what;
    write(kRdt, ring.tail);
    clock.run();
  }
  expect_works();
}

class E1000Attack : public E1000Malformed {
 public:
  using E1000Test::kEntries;
  using E1000Test::kRam;
  void descriptor(std::uint64_t first, std::uint32_t lower, std::uint8_t upper = 0,
                  std::uint16_t special = 0) {
    offer({.first = first, .lower = lower, .status = 0, .upper = upper, .special = special});
  }
  void data(std::string_view bytes, std::uint32_t command, std::uint8_t popts = 0) {
    offer_data(bytes, command, popts);
  }
  void legacy(std::string_view bytes, std::uint32_t command) { offer_legacy(bytes, command); }
  void context(const Shape& shape, std::uint16_t mss, std::size_t payload) {
    offer_context(shape, mss, payload);
  }
};

constexpr std::uint32_t kDataType = kTxTypeData << kTxTypeShift | kTxDext;

TEST_F(E1000Attack, PacketsThatAreNone) {
  struct Row {
    const char* what;
    void (*make)(E1000Attack&);
  };
  const Row rows[] = {
      {"segmentation without a context",
       [](E1000Attack& t) { t.data(raw_frame(1000), kTxTse | kTxEop | kTxRs, 3); }},
      {"a frame of nothing", [](E1000Attack& t) { t.legacy("", kTxEop | kTxRs); }},
      {"a frame of 13 bytes", [](E1000Attack& t) { t.legacy(raw_frame(13), kTxEop | kTxRs); }},
      {"a buffer past memory",
       [](E1000Attack& t) { t.descriptor(kRam - 10, 100 | kTxEop | kTxRs); }},
      {"a buffer in the card",
       [](E1000Attack& t) { t.descriptor(0xe000'0000, 100 | kTxEop | kTxRs); }},
      {"a buffer at the end of all addresses",
       [](E1000Attack& t) { t.descriptor(~0ULL - 9, 100 | kTxEop | kTxRs); }},
      {"the second buffer in no memory",
       [](E1000Attack& t) {
         t.legacy(raw_frame(100), 0);
         t.descriptor(0x7000'0000, 100 | kTxEop | kTxRs);
       }},
      {"a frame too long", [](E1000Attack& t) { t.descriptor(0, 0xffff | kTxEop | kTxRs); }},
      {"a megabyte of data, not to be segmented",
       [](E1000Attack& t) { t.descriptor(0, kTxDataLength | kDataType | kTxEop | kTxRs); }},
      {"an unknown type",
       [](E1000Attack& t) {
         t.descriptor(0, 100 | 7U << kTxTypeShift | kTxDext | kTxEop | kTxRs);
       }},
      {"legacy and data in one packet",
       [](E1000Attack& t) {
         t.legacy(raw_frame(100), 0);
         t.data("more", kTxEop | kTxRs);
       }},
      {"a context inside a packet",
       [](E1000Attack& t) {
         t.data(raw_frame(100), 0);
         t.context({}, 100, 100);
         t.data("more", kTxEop | kTxRs);
       }},
      {"segments of no size",
       [](E1000Attack& t) {
         t.context({}, 0, 1000);
         t.data(ip_frame({}, payload_of(1000)), kTxTse | kTxEop | kTxRs, 3);
       }},
      {"a header longer than the packet",
       [](E1000Attack& t) {
         t.context({}, 100, 1000);
         t.data(raw_frame(53), kTxTse | kTxEop | kTxRs, 3);
       }},
      {"segments longer than any frame",
       [](E1000Attack& t) {
         t.context({}, 0xffff, 100'000);
         t.data(ip_frame({}, payload_of(100'000)), kTxTse | kTxEop | kTxRs, 3);
       }},
      {"a checksum past the frame",
       [](E1000Attack& t) {
         t.descriptor(std::uint64_t{14} << 32 | std::uint64_t{250} << 40, kTxDext);
         t.data(raw_frame(100), kTxEop | kTxRs, kTxPoptsTxsm);
       }},
  };
  for (const NetCapabilities& capabilities : {plain(), FakeNetBackend::full_capabilities()}) {
    card.reset();
    start(capabilities);
    for (const Row& row : rows) {
      row.make(*this);
      const std::uint32_t last = (tx_tail + kEntries - 1) % kEntries;
      ring_transmit();
      EXPECT_TRUE(wire->sent.empty()) << row.what;
      EXPECT_TRUE(is_done(last)) << row.what;  // the driver has its buffers back
      // The next packet is not touched by it.
      offer_legacy(raw_frame(100));
      ring_transmit();
      EXPECT_EQ(wire->sent.size(), 1U) << row.what;
      wire->sent.clear();
    }
    EXPECT_GE(faults(), std::size(rows) - 1);  // a frame of nothing is no fault
    expect_works();
  }
}

// An endless packet ends when it has more descriptors than one may have, and holds nothing.
TEST_F(E1000Malformed, APacketWithoutAnEnd) {
  start();
  for (int i = 0; i < 3000; ++i) {
    if (i % 2 == 0) offer_legacy("x", kTxRs);
    if (i % 2 != 0) offer_legacy("", kTxRs);
    ring_transmit();
  }
  EXPECT_TRUE(wire->sent.empty());
  EXPECT_EQ(faults(), 1U);
  EXPECT_TRUE(is_done((tx_tail + kEntries - 1) % kEntries));
  offer_legacy("end", kTxEop | kTxRs);
  offer_legacy(raw_frame(100));
  ring_transmit();
  EXPECT_EQ(wire->sent.size(), 1U);
  expect_works();
}

// As many as a packet may have are one.
TEST_F(E1000Malformed, APacketOfManyDescriptors) {
  start();
  const std::string frame = raw_frame(E1000Transmitter::kMostDescriptors);
  for (std::size_t i = 0; i < frame.size(); ++i) {
    offer_legacy(frame.substr(i, 1), i + 1 == frame.size() ? kTxEop | kTxRs : 0);
    if (i % 8 == 7) ring_transmit();
  }
  ring_transmit();
  ASSERT_EQ(wire->sent.size(), 1U);
  EXPECT_EQ(wire->sent[0].bytes, frame);
  EXPECT_EQ(faults(), 0U);
}

TEST_F(E1000Malformed, ReceiveBuffersInNoMemory) {
  start();
  const std::uint64_t places[] = {kRam - 10, 0xe000'0000, ~0ULL, ~0ULL - 50, 1ULL << 52};
  std::uint32_t index = 0;
  for (const std::uint64_t place : places) {
    set_receive_buffer(index, place);
    give(1);
    arrive(raw_frame(100));
    const auto descriptor =
        *memory.load<ReceiveDescriptor>(GuestAddress(kRxRing + index * std::uint64_t{16}));
    EXPECT_EQ(descriptor.status, kRxDd | kRxEop);
    EXPECT_EQ(descriptor.errors, kRxErrorRxe);
    EXPECT_EQ(descriptor.length, 0);
    ++index;
    EXPECT_EQ(faults(), index);
  }
  rx_head = index;
  give(2);
  arrive(raw_frame(100));
  EXPECT_TRUE(take());
  expect_works();
}

TEST_F(E1000Malformed, AFrameLargerThanTheWholeRing) {
  start(plain(), kRctlEn | kRctlLpe | 3U << kRctlBsizeShift);
  give(15);
  arrive(raw_frame(4000));  // 16 buffers of 256: one more than can be free
  EXPECT_EQ(faults(), 1U);
  arrive(raw_frame(100));
  EXPECT_TRUE(take());
}

// The ring moves, shrinks and is switched off while a packet is under way in it.
TEST_F(E1000Malformed, SettingsChangeUnderWay) {
  start(plain());
  for (const std::uint32_t what : {kTdbal, kTdlen, kTctl, kTdbah}) {
    wire->full = true;
    offer_legacy(raw_frame(100));
    ring_transmit();
    write(what, what == kTdlen ? 128 : 0);
    clock.run();
    wire->full = false;
    if (wire->started) wire->events.on_sendable(0);
    clock.run();
    expect_works();
    wire->sent.clear();
  }
}

TEST_F(E1000Malformed, EveryRegisterTakesEverything) {
  start();
  for (const std::uint32_t value : {0xffff'ffffU, 0U, 0x5555'5555U, 0xaaaa'aaaaU}) {
    for (std::uint32_t offset = 0; offset < 0x6000; offset += 4) {
      write(offset, value);
      read(offset);
      clock.run(4);
    }
  }
  expect_works();
}

}  // namespace
}  // namespace skiff::e1000_test
