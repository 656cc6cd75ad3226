// What a broken or hostile driver does to the entropy device.
#include "tests/unit/virtio/rng/rng_fixture.h"

namespace skiff {
namespace {

constexpr std::uint16_t kNext = virtq::kDescNext;
constexpr std::uint16_t kWrite = virtq::kDescWrite;
constexpr std::uint16_t kIndirect = virtq::kDescIndirect;
constexpr std::uint64_t kSomewhere = 0x18000;
constexpr std::uint64_t kEndOfRam = 2 * FakeVirtioDriver::kQueueSpace;

struct Attack {
  const char* name;
  bool breaks;  // the ring: needs a reset; else it is answered
  std::vector<RawDescriptor> chain;
  std::uint16_t head = 0;
};

const std::vector<Attack> kAttacks = {
    {"head_out_of_range", true, {{kSomewhere, 8, kWrite, 0}}, 16},
    {"head_ffff", true, {{kSomewhere, 8, kWrite, 0}}, 0xffff},
    {"past_ram", true, {{1ULL << 40, 8, kWrite, 0}}},
    {"one_byte_past_ram", true, {{kEndOfRam - 8, 9, kWrite, 0}}},
    {"up_to_the_end_of_ram", false, {{kEndOfRam - 8, 8, kWrite, 0}}},
    {"wraps_around", true, {{~0ULL, 2, kWrite, 0}}},
    {"huge", true, {{0, 0xffffffff, kWrite, 0}}},
    {"empty", true, {{kSomewhere, 0, kWrite, 0}}},
    {"loop_of_one", true, {{kSomewhere, 8, kWrite | kNext, 0}}},
    {"loop_of_two", true, {{kSomewhere, 8, kWrite | kNext, 1}, {kSomewhere, 8, kWrite | kNext, 0}}},
    {"next_out_of_range", true, {{kSomewhere, 8, kWrite | kNext, 16}}},
    {"readable_after_writable", true, {{kSomewhere, 8, kWrite | kNext, 1}, {kSomewhere, 8, 0, 0}}},
    {"indirect_not_negotiated", true, {{kSomewhere, 16, kIndirect, 0}}},
    {"read_only", false, {{kSomewhere, 8, 0, 0}}},
    {"read_only_all_of_ram", false, {{0, kEndOfRam, 0, 0}}},
    {"buffers_overlap", false, {{kSomewhere, 64, kWrite | kNext, 1}, {kSomewhere, 64, kWrite, 0}}},
    {"into_its_own_used_ring", false, {{0x120, 0x80, kWrite, 0}}},
};

class RngMalformed : public RngFixture, public ::testing::WithParamInterface<Attack> {};

INSTANTIATE_TEST_SUITE_P(Table, RngMalformed, ::testing::ValuesIn(kAttacks),
                         [](const auto& row) { return std::string(row.param.name); });

TEST_P(RngMalformed, IsAnswered) {
  create();
  start();
  DriverQueue& queue = driver->queue(0);
  for (std::size_t i = 0; i < GetParam().chain.size(); ++i)
    queue.write_descriptor(static_cast<std::uint16_t>(i), GetParam().chain[i]);
  queue.split().put_available(GetParam().head);
  queue.show();
  driver->kick(0);
  clock.run();
  EXPECT_FALSE(clock.run());
  EXPECT_EQ(driver->interrupts.needs_reset(), GetParam().breaks ? 1 : 0);
  if (GetParam().breaks) {
    EXPECT_NE(driver->interrupts.why(), "");
    driver->kick(0);
    clock.advance(std::chrono::seconds(10));
    clock.run();
    EXPECT_EQ(driver->interrupts.needs_reset(), 1);
    EXPECT_FALSE(queue.has_used());
  }
  reset();
  driver->lay_rings();
  start();
  EXPECT_EQ(request(64), 64);
}

TEST_F(RngFixture, AvailableIndexAheadBreaksTheRing) {
  create();
  start();
  driver->queue(0).split().set_available_index(17);
  driver->kick(0);
  clock.run();
  EXPECT_EQ(driver->interrupts.needs_reset(), 1);
}

TEST_F(RngFixture, ARingThatBreaksWhileARequestWaits) {
  create({.source = {}, .bandwidth = {.per_second = 100, .burst = 100}});
  start();
  EXPECT_EQ(request(100), 100);
  EXPECT_EQ(request(100), -1);
  driver->queue(0).split().set_available_index(1000);
  clock.advance(std::chrono::seconds(2));
  clock.run();
  EXPECT_EQ(driver->interrupts.needs_reset(), 1);
  clock.advance(std::chrono::seconds(2));
  clock.run();
  EXPECT_EQ(driver->interrupts.needs_reset(), 1);
}

}  // namespace
}  // namespace skiff
