// Requests there and back: the same tests for every format.
#include "virtio/ring/virtqueue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <optional>
#include <random>
#include <vector>

#include "tests/unit/virtio/ring/ring_fixture.h"

namespace skiff::ring_test {
namespace {

using testing::Optional;

class EachFormat : public testing::TestWithParam<Format> {
 protected:
  void pop_one(DescriptorChain& into) {
    ASSERT_EQ(queue.pop(into), PopResult::chain) << queue.fault();
  }

  Rig rig{GetParam()};
  DescriptorChain& chain = rig.chain;
  Virtqueue& queue = rig.queue;
  DriverQueue& driver = rig.driver;
};
INSTANTIATE_TEST_SUITE_P(Ring, EachFormat, testing::ValuesIn(kFormats),
                         testing::PrintToStringParamName());

TEST_P(EachFormat, ARequestGoesThereAndBack) {
  EXPECT_EQ(queue.size(), 8U);
  EXPECT_EQ(queue.pop(chain), PopResult::empty);
  EXPECT_FALSE(queue.has_available());
  const auto id = rig.offer({{kBuffers, 16}, {GuestAddress(0x90000), 100, true}});
  EXPECT_TRUE(queue.has_available());
  pop_one(chain);
  EXPECT_FALSE(queue.has_available());
  EXPECT_EQ(chain.id(), id);
  EXPECT_EQ(chain.readable_size(), 16U);
  EXPECT_EQ(chain.writable_size(), 100U);
  ASSERT_EQ(chain.readable().size(), 1U);
  ASSERT_EQ(chain.writable().size(), 1U);
  EXPECT_EQ(chain.readable()[0].iov_base, rig.memory.slice(kBuffers, 16)->data());
  EXPECT_EQ(chain.readable()[0].iov_len, 16U);
  EXPECT_EQ(chain.writable()[0].iov_len, 100U);
  EXPECT_EQ(queue.in_flight(), 1U);

  queue.complete(chain, 99);
  EXPECT_EQ(queue.in_flight(), 0U);
  EXPECT_EQ(driver.used(), std::nullopt) << "not visible before publish";
  EXPECT_TRUE(queue.publish());
  EXPECT_FALSE(queue.publish()) << "nothing new";
  EXPECT_THAT(driver.used(), Optional(DriverUsed{id, 99}));
  EXPECT_EQ(driver.used(), std::nullopt);
  EXPECT_TRUE(queue.fault().empty());
}

TEST_P(EachFormat, CompletionsInAnyOrder) {
  std::vector<std::uint16_t> ids;
  std::vector<DescriptorChain> chains(3);
  for (std::uint32_t i = 0; i < 3; ++i) {
    ids.push_back(rig.offer({{kBuffers, 1 + i}, {kBuffers, 8, true}}));
    pop_one(chains[i]);
  }
  EXPECT_EQ(queue.in_flight(), 3U);
  for (const std::uint32_t i : {1U, 2U, 0U})
    queue.complete(chains[i], i);
  (void)queue.publish();
  for (const std::uint32_t i : {1U, 2U, 0U})
    EXPECT_THAT(driver.used(), Optional(DriverUsed{ids[i], i}));
  EXPECT_EQ(driver.used(), std::nullopt);
  EXPECT_EQ(driver.free(), 8U);
}

TEST_P(EachFormat, ABatchIsVisibleAtOnce) {
  std::vector<std::uint16_t> ids;
  for (int i = 0; i < 4; ++i) {
    ids.push_back(rig.offer({{kBuffers, 4}, {kBuffers, 8, true}}));
    pop_one(chain);
    queue.complete(chain, 8);
    EXPECT_FALSE(driver.has_used());
  }
  EXPECT_TRUE(queue.publish());
  for (const auto id : ids)
    EXPECT_THAT(driver.used(), Optional(DriverUsed{id, 8}));
}

TEST_P(EachFormat, UndoPopGivesTheSameChainAgain) {
  const auto first = rig.offer({{kBuffers, 1}, {kBuffers, 2}, {kBuffers, 3, true}});
  const auto second = rig.offer({{kBuffers, 7}});
  DescriptorChain other;
  for (int i = 0; i < 20; ++i) {
    pop_one(chain);
    pop_one(other);
    EXPECT_EQ(chain.id(), first);
    EXPECT_EQ(other.id(), second);
    EXPECT_EQ(other.readable_size(), 7U);
    EXPECT_FALSE(queue.has_available());
    EXPECT_EQ(queue.in_flight(), 2U);
    queue.undo_pop(other);
    queue.undo_pop(chain);
  }
  EXPECT_EQ(queue.in_flight(), 0U);
}

// Undo across the end of the ring and the wrap of the indices.
TEST_P(EachFormat, UndoPopAtEveryPosition) {
  for (int i = 0; i < 70'000; ++i) {
    const auto id = rig.offer({{kBuffers, 1}, {kBuffers, 2}, {kBuffers, 3, true}});
    pop_one(chain);
    queue.undo_pop(chain);
    ASSERT_TRUE(queue.has_available());
    ASSERT_EQ(queue.in_flight(), 0U);
    pop_one(chain);
    ASSERT_EQ(chain.id(), id);
    queue.complete(chain, 3);
    (void)queue.publish();
    ASSERT_THAT(driver.used(), Optional(DriverUsed{id, 3}));
    ASSERT_EQ(queue.pop(chain), PopResult::empty);
  }
}

TEST_P(EachFormat, AFullQueueOfLongChains) {
  std::vector<DriverBuffer> buffers(8, {kBuffers, 5, true});
  for (int round = 0; round < 20; ++round) {
    const auto id = GetParam().indirect ? driver.offer_indirect(buffers) : driver.offer(buffers);
    pop_one(chain);
    EXPECT_EQ(chain.writable().size(), 8U);
    EXPECT_EQ(chain.writable_size(), 40U);
    queue.complete(chain, 40);
    (void)queue.publish();
    EXPECT_THAT(driver.used(), Optional(DriverUsed{id, 40}));
  }
}

TEST_P(EachFormat, AQueueOfOne) {
  Rig one(GetParam(), 1);
  for (int i = 0; i < 70'000; ++i) {
    const auto id = one.offer({{kBuffers, 1}});
    ASSERT_EQ(one.queue.pop(one.chain), PopResult::chain);
    ASSERT_EQ(one.queue.pop(chain), PopResult::empty);
    one.queue.complete(one.chain, 0);
    ASSERT_EQ(one.queue.pop(chain), PopResult::empty);
    (void)one.queue.publish();
    ASSERT_EQ(one.queue.pop(chain), PopResult::empty);
    ASSERT_THAT(one.driver.used(), Optional(DriverUsed{id, 0}));
  }
}

// Three times round all indices, with chains of every length, completed out of order and published
// in batches: each comes back once, with what was written.
TEST_P(EachFormat, ManyRequestsThroughASmallRing) {
  constexpr unsigned kRequests = 65536 * 3;
  std::mt19937 random(1);
  const auto below = [&random](unsigned limit) { return static_cast<unsigned>(random() % limit); };
  std::deque<DescriptorChain> in_flight;
  std::vector<DescriptorChain> spare;
  std::vector<std::optional<std::uint32_t>> expected(8);  // by id: bytes to be written
  unsigned offered = 0;
  unsigned popped = 0;
  unsigned returned = 0;
  std::vector<DriverBuffer> buffers;
  while (returned < kRequests) {
    const unsigned length = 1 + below(3);
    const unsigned entries = GetParam().indirect ? 1 : length;
    if (offered < kRequests && driver.free() >= entries && below(4) != 0) {
      buffers.assign(length, {kBuffers, offered % 1000 + 1, true});
      const auto id = GetParam().indirect ? driver.offer_indirect(buffers) : driver.offer(buffers);
      ASSERT_FALSE(expected.at(id));
      expected.at(id) = offered % 1000 + 1;
      ++offered;
    }
    if (below(3) != 0) {
      DescriptorChain next;
      if (!spare.empty()) {
        next = std::move(spare.back());
        spare.pop_back();
      }
      const PopResult result = queue.pop(next);
      ASSERT_NE(result, PopResult::broken) << queue.fault();
      ASSERT_EQ(result == PopResult::chain, popped < offered);
      if (result == PopResult::chain) {
        ASSERT_EQ(next.writable()[0].iov_len, popped % 1000 + 1) << "in the order of offering";
        ++popped;
        in_flight.push_back(std::move(next));
      }
    }
    if (!in_flight.empty() && below(3) != 0) {
      const auto one = in_flight.begin() + below(static_cast<unsigned>(in_flight.size()));
      queue.complete(*one, static_cast<std::uint32_t>(one->writable()[0].iov_len));
      spare.push_back(std::move(*one));
      in_flight.erase(one);
    }
    ASSERT_EQ(queue.in_flight(), in_flight.size());
    if (below(2) != 0) (void)queue.publish();
    if (below(2) != 0) continue;
    while (const auto used = driver.used()) {
      ASSERT_LT(used->id, 8U);
      ASSERT_EQ(expected.at(used->id), used->length);
      expected.at(used->id).reset();
      ++returned;
    }
  }
  EXPECT_EQ(driver.free(), 8U);
}

// Packed rings of a size that is no power of two.
TEST(PackedRing, EveryShortSize) {
  for (std::uint16_t size = 1; size <= 17; ++size) {
    Rig rig({true, false, true}, size);
    for (unsigned i = 0; i < 20U * size; ++i) {
      const std::vector<DriverBuffer> buffers(1 + i % size, {kBuffers, 9, true});
      const auto id = rig.driver.offer(buffers);
      ASSERT_EQ(rig.queue.pop(rig.chain), PopResult::chain) << rig.queue.fault();
      ASSERT_EQ(rig.chain.writable_size(), 9 * (1 + i % size));
      rig.queue.undo_pop(rig.chain);
      ASSERT_EQ(rig.queue.pop(rig.chain), PopResult::chain);
      rig.queue.complete(rig.chain, 1);
      (void)rig.queue.publish();
      ASSERT_EQ(rig.driver.used(), (DriverUsed{id, 1}));
    }
  }
}

TEST(SplitRing, TheLargestQueue) {
  Rig rig({false, false, true}, 32768);
  for (int round = 0; round < 5; ++round) {
    for (int i = 0; i < 32768; ++i)
      rig.offer({{GuestAddress(0), 1}});
    for (int i = 0; i < 32768; ++i) {
      ASSERT_EQ(rig.queue.pop(rig.chain), PopResult::chain) << rig.queue.fault();
      rig.queue.complete(rig.chain, 0);
    }
    EXPECT_EQ(rig.queue.pop(rig.chain), PopResult::empty);
    (void)rig.queue.publish();
    for (int i = 0; i < 32768; ++i)
      ASSERT_TRUE(rig.driver.used());
  }
}

}  // namespace
}  // namespace skiff::ring_test
