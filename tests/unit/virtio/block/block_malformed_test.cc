// What a broken driver sends: each row is answered in its status byte, or the device asks for a
// reset; after it a clean request works.
#include "tests/unit/disk/disk_fixture.h"
#include "tests/unit/virtio/block/block_fixture.h"

namespace skiff {
namespace {

using namespace virtio_blk;

constexpr int kReset = -2;  // DEVICE_NEEDS_RESET, no answer

struct Row {
  const char* name;
  int expected;
  std::uint32_t type;
  std::uint64_t sector;
  // Behind the header, at kDataAt each: lengths of readable and writable buffers.
  std::vector<std::uint32_t> readable;
  std::vector<std::uint32_t> writable;  // the last byte is the status
  std::string data{};                   // of the readable ones
  std::uint32_t header = 16;            // its length, 0: none
};

std::string seg(std::uint64_t sector, std::uint32_t sectors, std::uint32_t flags = 0) {
  const Segment value{sector, sectors, flags};
  return {reinterpret_cast<const char*>(&value), sizeof value};
}
std::string repeat(const std::string& text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i)
    all += text;
  return all;
}

constexpr std::uint64_t kEnd = 2048;  // sectors

const std::vector<Row>& rows() {
  static const std::vector<Row> all{
      {"nothing writable", kReset, kTypeOut, 0, {512}, {}},
      {"header alone", kReset, kTypeIn, 0, {}, {}},
      {"short header and no status", kReset, kTypeIn, 0, {}, {}, {}, 5},
      {"flush without a status", kReset, kTypeFlush, 0, {}, {}},
      {"no header", kStatusIoError, kTypeIn, 0, {}, {513}, {}, 0},
      {"header of 15 bytes", kStatusIoError, kTypeIn, 0, {}, {513}, {}, 15},
      {"header of one byte", kStatusIoError, kTypeIn, 0, {}, {1}, {}, 1},
      {"type 2", kStatusUnsupported, 2, 0, {}, {513}},
      {"type 3", kStatusUnsupported, 3, 0, {512}, {1}},
      {"type 5 (legacy flush)", kStatusUnsupported, 5, 0, {}, {1}},
      {"type 10 (lifetime)", kStatusUnsupported, 10, 0, {}, {25}},
      {"type 14 (secure erase)", kStatusUnsupported, 14, 0, {16}, {1}, seg(0, 1)},
      {"type all ones", kStatusUnsupported, ~0U, ~0ULL, {}, {1}},
      {"legacy barrier bit", kStatusUnsupported, 1U << 31 | kTypeOut, 0, {512}, {1}},
      {"read of 511 bytes", kStatusIoError, kTypeIn, 0, {}, {512}},
      {"read of 513 bytes", kStatusIoError, kTypeIn, 0, {}, {514}},
      {"read of one byte", kStatusIoError, kTypeIn, 0, {}, {1, 1}},
      {"read at the end", kStatusIoError, kTypeIn, kEnd, {}, {513}},
      {"read across the end", kStatusIoError, kTypeIn, kEnd - 1, {}, {1025}},
      {"read at the last sector number", kStatusIoError, kTypeIn, ~0ULL, {}, {513}},
      {"read whose offset wraps", kStatusIoError, kTypeIn, 1ULL << 55, {}, {513}},
      {"read whose end wraps", kStatusIoError, kTypeIn, (1ULL << 55) - 1, {}, {1025}},
      {"read into the driver's output", kStatusOk, kTypeIn, 0, {512}, {1}},
      {"write of 100 bytes", kStatusIoError, kTypeOut, 0, {100}, {1}},
      {"write at the end", kStatusIoError, kTypeOut, kEnd, {512}, {1}},
      {"write across the end", kStatusIoError, kTypeOut, kEnd - 1, {512, 512}, {1}},
      {"write whose offset wraps", kStatusIoError, kTypeOut, (1ULL << 55) + 1, {512}, {1}},
      {"write of the driver's input", kStatusOk, kTypeOut, 0, {}, {513}},
      {"discard without segments", kStatusIoError, kTypeDiscard, 0, {}, {1}},
      {"discard of half a segment", kStatusIoError, kTypeDiscard, 0, {8}, {1}, seg(0, 1)},
      {"discard of one and a half", kStatusIoError, kTypeDiscard, 0, {24}, {1}, seg(0, 1)},
      {"discard of too many segments",
       kStatusIoError,
       kTypeDiscard,
       0,
       {17 * 16},
       {1},
       repeat(seg(0, 1), 17)},
      {"discard with unmap", kStatusUnsupported, kTypeDiscard, 0, {16}, {1}, seg(0, 8, 1)},
      {"discard with reserved flags",
       kStatusUnsupported,
       kTypeDiscard,
       0,
       {16},
       {1},
       seg(0, 8, 0x8000'0000)},
      {"discard past the end", kStatusIoError, kTypeDiscard, 0, {16}, {1}, seg(kEnd - 1, 2)},
      {"discard that wraps", kStatusIoError, kTypeDiscard, 0, {16}, {1}, seg(~0ULL, 2)},
      {"discard larger than allowed",
       kStatusIoError,
       kTypeDiscard,
       0,
       {16},
       {1},
       seg(0, kMaxDiscardSectors + 1)},
      {"discard with a bad second segment",
       kStatusIoError,
       kTypeDiscard,
       0,
       {32},
       {1},
       seg(0, 1) + seg(kEnd, 1)},
      {"zeroes without segments", kStatusIoError, kTypeWriteZeroes, 0, {}, {1}},
      {"zeroes of two segments",
       kStatusIoError,
       kTypeWriteZeroes,
       0,
       {32},
       {1},
       repeat(seg(0, 1), 2)},
      {"zeroes with reserved flags",
       kStatusUnsupported,
       kTypeWriteZeroes,
       0,
       {16},
       {1},
       seg(0, 8, 2)},
      {"zeroes past the end", kStatusIoError, kTypeWriteZeroes, 0, {16}, {1}, seg(kEnd, 1)},
      {"zeroes of all there could be", kStatusIoError, kTypeWriteZeroes, 0, {16}, {1}, seg(0, ~0U)},
      {"get id into nothing", kStatusOk, kTypeGetId, ~0ULL, {}, {1}},
      {"get id with output", kStatusOk, kTypeGetId, 0, {100}, {21}},
      {"flush with data and a sector", kStatusOk, kTypeFlush, ~0ULL, {100}, {100}},
  };
  return all;
}

class MalformedBlockRequest : public BlockFixture,
                              public ::testing::WithParamInterface<std::size_t> {
 protected:
  // What became of it: a status, or kReset.
  int send(const Row& row) {
    const GuestAddress at = place();
    write_header(at, row.type, row.sector);
    driver->memory().write(plus(at, kDataAt), std::as_bytes(std::span(row.data)));
    std::vector<DriverBuffer> chain;
    if (row.header != 0) chain.push_back({at, row.header});
    std::uint64_t next = kDataAt;
    for (const std::uint32_t length : row.readable)
      chain.push_back({plus(at, std::exchange(next, next + length)), length});
    for (const std::uint32_t length : row.writable)
      chain.push_back({plus(at, std::exchange(next, next + length)), length, true});
    driver->queue(0).offer(chain);
    driver->kick(0);
    clock.run();
    const auto used = driver->queue(0).used();
    if (!used) return driver->interrupts.needs_reset() == 1 ? kReset : -1;
    return driver->memory().load<std::uint8_t>(plus(at, next - 1)).value();
  }
};

TEST_P(MalformedBlockRequest, IsAnswered) {
  const Row& row = rows()[GetParam()];
  create();
  std::ranges::fill(memory_disk->bytes(), std::byte{0x5a});
  start();
  EXPECT_EQ(send(row), row.expected);
  if (row.expected != kStatusOk) {
    const auto bytes = memory_disk->bytes();
    EXPECT_TRUE(std::ranges::all_of(bytes, [](std::byte b) { return b == std::byte{0x5a}; }));
  }
  if (row.expected == kReset) {
    // Nothing more is served until the reset.
    offer(kTypeFlush, 0, "");
    driver->kick(0);
    clock.run();
    EXPECT_FALSE(driver->queue(0).has_used());
    EXPECT_EQ(driver->interrupts.needs_reset(), 1);
    EXPECT_TRUE(reset());
    driver->lay_rings();
    start();
  }
  EXPECT_EQ(write(0, pattern(512)), kStatusOk);
  EXPECT_EQ(read(0, 512).data, pattern(512));
}

INSTANTIATE_TEST_SUITE_P(Rows, MalformedBlockRequest,
                         ::testing::Range<std::size_t>(0, rows().size()), [](const auto& each) {
                           std::string name = rows()[each.param].name;
                           std::ranges::replace_if(
                               name, [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
                           return name;
                         });

class MalformedBlockRing : public BlockFixture {};

TEST_F(MalformedBlockRing, ABrokenRingNeedsAResetAndOnlyOne) {
  create({.queues = 2});
  start();
  // The first queue's request is done, the second's ring is broken: an index that is too far ahead.
  offer(kTypeOut, 0, pattern(512));
  driver->queue(1).split().set_available_index(1000);
  driver->kick(1);
  clock.run();
  EXPECT_EQ(driver->interrupts.needs_reset(), 1);
  driver->kick(0);
  driver->kick(1);
  clock.run();
  EXPECT_EQ(driver->interrupts.needs_reset(), 1);
  EXPECT_TRUE(reset());
  driver->lay_rings();
  start();
  EXPECT_EQ(read(0, 512).status, kStatusOk);
  EXPECT_EQ(driver->interrupts.needs_reset(), 1);
}

}  // namespace
}  // namespace skiff
