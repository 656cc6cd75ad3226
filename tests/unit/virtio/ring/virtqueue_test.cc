#include "virtio/ring/virtqueue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "tests/unit/virtio/ring/ring_fixture.h"

namespace skiff::ring_test {
namespace {

using testing::Optional;

class EachFormat : public testing::TestWithParam<Format> {
 protected:
  Rig rig{GetParam()};
  DescriptorChain& chain = rig.chain;
  Virtqueue& queue = rig.queue;
  DriverQueue& driver = rig.driver;
};
INSTANTIATE_TEST_SUITE_P(Ring, EachFormat, testing::ValuesIn(kFormats),
                         testing::PrintToStringParamName());

TEST_P(EachFormat, ARequestGoesThereAndBack) {
  EXPECT_EQ(queue.pop(chain), PopResult::empty);
  const auto id = rig.offer({{kBuffers, 16}, {GuestAddress(0x90000), 100, true}});
  ASSERT_EQ(queue.pop(chain), PopResult::chain) << queue.fault();
  EXPECT_EQ(chain.id(), id);
  EXPECT_EQ(chain.readable_size(), 16U);
  EXPECT_EQ(chain.writable_size(), 100U);
  ASSERT_EQ(chain.readable().size(), 1U);
  ASSERT_EQ(chain.writable().size(), 1U);
  EXPECT_EQ(chain.readable()[0].iov_base, rig.memory.slice(kBuffers, 16)->data());
  EXPECT_EQ(queue.in_flight(), 1U);
  EXPECT_EQ(queue.pop(chain), PopResult::empty);

  DescriptorChain again;
  const auto second = rig.offer({{kBuffers, 1}});
  ASSERT_EQ(queue.pop(again), PopResult::chain);
  queue.complete(again, 0);
  EXPECT_EQ(driver.used(), std::nullopt) << "not visible before publish";
  EXPECT_TRUE(queue.publish());
  EXPECT_THAT(driver.used(), Optional(DriverUsed{second, 0}));
  EXPECT_EQ(driver.used(), std::nullopt);
}

}  // namespace
}  // namespace skiff::ring_test
