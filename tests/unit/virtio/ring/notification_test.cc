// Who wants to be woken: interrupts the driver asked for, notifications the device asked for.
#include <gtest/gtest.h>

#include <initializer_list>
#include <random>

#include "tests/unit/virtio/ring/ring_fixture.h"

namespace skiff::ring_test {
namespace {

class Suppression : public testing::TestWithParam<Format> {
 protected:
  // One request through the ring, without publish.
  void work() {
    rig.offer({{kBuffers, 1}});
    ASSERT_EQ(rig.queue.pop(rig.chain), PopResult::chain);
    rig.queue.complete(rig.chain, 0);
  }
  void collect() {
    while (rig.driver.used()) {
    }
  }

  Rig rig{GetParam()};
  DriverQueue& driver = rig.driver;
  Virtqueue& queue = rig.queue;
};
INSTANTIATE_TEST_SUITE_P(Ring, Suppression, testing::ValuesIn(kFormats),
                         testing::PrintToStringParamName());

TEST_P(Suppression, TheDriverSuppressesInterrupts) {
  work();
  EXPECT_TRUE(queue.publish()) << "wanted from the start";
  collect();
  EXPECT_FALSE(driver.enable_interrupts());
  driver.disable_interrupts();
  if (GetParam().event_idx && !GetParam().packed) {
    work();  // there is no flag with EVENT_IDX: the one after used_event is the last
    EXPECT_TRUE(queue.publish());
  }
  for (int i = 0; i < 20; ++i) {
    work();
    EXPECT_FALSE(queue.publish());
    EXPECT_TRUE(driver.enable_interrupts()) << "there is something: no waiting for it";
    driver.disable_interrupts();
    if (GetParam().event_idx && !GetParam().packed) driver.split().set_used_event(0x8000);
    collect();
  }
  EXPECT_FALSE(driver.enable_interrupts());
  work();
  EXPECT_TRUE(queue.publish());
}

TEST_P(Suppression, TheDeviceSuppressesNotifications) {
  rig.offer({{kBuffers, 1}});
  EXPECT_TRUE(driver.should_notify()) << "wanted from the start";
  queue.disable_notifications();
  const bool has_flag = GetParam().packed || !GetParam().event_idx;
  for (int i = 0; i < 20; ++i) {
    rig.offer({{kBuffers, 1}});
    EXPECT_FALSE(driver.should_notify());
    EXPECT_TRUE(queue.enable_notifications()) << "pop first";
    queue.disable_notifications();
    while (queue.pop(rig.chain) == PopResult::chain) {
      queue.complete(rig.chain, 0);
    }
    (void)queue.publish();
    collect();
    EXPECT_FALSE(queue.enable_notifications());
    if (has_flag) {
      queue.disable_notifications();
    } else {
      rig.offer({{kBuffers, 1}});
      EXPECT_TRUE(driver.should_notify()) << "passes avail_event";
    }
  }
  if (!has_flag) return;
  EXPECT_FALSE(queue.enable_notifications());
  rig.offer({{kBuffers, 1}});
  EXPECT_TRUE(driver.should_notify());
  if (!GetParam().event_idx) return;
  rig.offer({{kBuffers, 1}});
  EXPECT_FALSE(driver.should_notify()) << "one is enough";
}

TEST_P(Suppression, UndoLeavesSomethingAvailable) {
  rig.offer({{kBuffers, 1}});
  ASSERT_EQ(queue.pop(rig.chain), PopResult::chain);
  EXPECT_FALSE(queue.enable_notifications());
  queue.undo_pop(rig.chain);
  EXPECT_TRUE(queue.enable_notifications());
}

// With EVENT_IDX: an interrupt exactly when a batch passes the entry the driver named, wherever on
// the circle of indices, against counters that do not wrap.
TEST(EventIdx, BatchesAgainstUsedEvent) {
  for (const bool packed : {false, true}) {
    Rig rig({packed, false, true});
    std::mt19937 random(2);
    const auto below = [&random](unsigned n) { return static_cast<unsigned>(random() % n); };
    std::uint64_t published = 0;
    std::uint64_t wanted = 0;  // interrupt when this entry is used
    unsigned interrupts = 0;
    while (published < 65536 * 3) {
      if (below(2) == 0) {
        const unsigned after = below(8);
        EXPECT_FALSE(rig.driver.enable_interrupts(static_cast<std::uint16_t>(after)));
        wanted = published + after;
      }
      const unsigned batch = 1 + below(8);
      for (unsigned i = 0; i < batch; ++i)
        rig.offer({{kBuffers, 1}});
      for (unsigned i = 0; i < batch; ++i) {
        ASSERT_EQ(rig.queue.pop(rig.chain), PopResult::chain);
        rig.queue.complete(rig.chain, 0);
      }
      // An entry that was passed long ago is passed again after a whole circle.
      const bool due = wanted >= published && wanted < published + batch;
      ASSERT_EQ(rig.queue.publish(), due) << published << " " << batch << " " << wanted;
      interrupts += due ? 1 : 0;
      published += batch;
      if (wanted < published) {  // the driver looks, and asks again
        ASSERT_FALSE(!rig.driver.has_used());
        while (rig.driver.used()) {
        }
        (void)rig.driver.enable_interrupts();
        wanted = published;
      }
      while (rig.driver.used()) {
      }
    }
    EXPECT_GT(interrupts, 10'000U);
  }
}

TEST(EventIdx, UsedEventAtFfff) {
  Rig rig({false, false, true});
  rig.driver.split().set_used_event(0xffff);
  for (unsigned i = 1; i <= 65536 + 10; ++i) {
    rig.offer({{kBuffers, 1}});
    ASSERT_EQ(rig.queue.pop(rig.chain), PopResult::chain);
    rig.queue.complete(rig.chain, 0);
    ASSERT_EQ(rig.queue.publish(), i == 65536) << i;
    ASSERT_TRUE(rig.driver.used());
  }
}

TEST(EventIdx, ABatchAcrossTheWrap) {
  for (const std::uint16_t event : std::initializer_list<std::uint16_t>{0xfffe, 0xffff, 0, 1, 2}) {
    Rig rig({false, false, true});
    rig.driver.split().set_used_event(0x8000);
    const auto go = [&rig] {
      rig.offer({{kBuffers, 1}});
      ASSERT_EQ(rig.queue.pop(rig.chain), PopResult::chain);
      rig.queue.complete(rig.chain, 0);
    };
    for (unsigned i = 0; i < 65534; ++i) {
      go();
      ASSERT_EQ(rig.queue.publish(), i == 0x8000);
      ASSERT_TRUE(rig.driver.used());
    }
    rig.driver.split().set_used_event(event);
    for (int i = 0; i < 4; ++i)
      go();
    EXPECT_EQ(rig.queue.publish(), event != 2) << "0xfffe to 1 are used: " << event;
  }
}

TEST(EventIdx, WithoutItTheEventFieldsAreNotTouched) {
  Rig rig({false, false, false});
  const QueueConfig& config = rig.driver.config();
  const GuestAddress avail_event(config.device_area.value + 4 + 8 * 8);
  ASSERT_TRUE(rig.memory.store<std::uint16_t>(avail_event, 0x1234));
  EXPECT_FALSE(rig.queue.enable_notifications());
  rig.queue.disable_notifications();
  EXPECT_EQ(rig.driver.split().used_flags(), virtq::kUsedNoNotify);
  EXPECT_EQ(rig.memory.load<std::uint16_t>(avail_event), 0x1234);
}

TEST(EventSuppression, PackedFlagsThatMeanNothingWantAnInterrupt) {
  Rig rig({true, false, false});
  for (const std::uint16_t flags : {virtq::kEventDesc, std::uint16_t{3}, std::uint16_t{0xfffc}}) {
    rig.driver.packed().set_driver_event(7, flags);  // DESC without EVENT_IDX, reserved values
    rig.offer({{kBuffers, 1}});
    ASSERT_EQ(rig.queue.pop(rig.chain), PopResult::chain);
    rig.queue.complete(rig.chain, 0);
    EXPECT_TRUE(rig.queue.publish());
  }
}

TEST(EventSuppression, PackedDeviceNamesItsNextEntry) {
  Rig rig({true, false, true}, 3);
  for (unsigned i = 0; i < 12; ++i) {
    EXPECT_FALSE(rig.queue.enable_notifications());
    const auto wrap = i / 3 % 2 == 0 ? virtq::kEventWrap : std::uint16_t{0};
    EXPECT_EQ(rig.driver.packed().device_event_off_wrap(), i % 3 | wrap);
    EXPECT_EQ(rig.driver.packed().device_event_flags(), virtq::kEventDesc);
    rig.offer({{kBuffers, 1}});
    EXPECT_TRUE(rig.driver.should_notify());
    ASSERT_EQ(rig.queue.pop(rig.chain), PopResult::chain);
    rig.queue.complete(rig.chain, 0);
    (void)rig.queue.publish();
    ASSERT_TRUE(rig.driver.used());
  }
}

}  // namespace
}  // namespace skiff::ring_test
