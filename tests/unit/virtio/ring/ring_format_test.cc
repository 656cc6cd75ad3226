#include "virtio/ring/ring_format.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <initializer_list>

namespace skiff::virtq {
namespace {

std::uint16_t u16(unsigned value) {
  return static_cast<std::uint16_t>(value);
}

// The definition, in numbers that do not wrap: one of the `batch` indices before `now` is `event`.
bool passes(unsigned event, unsigned now, unsigned batch) {
  const unsigned from = now + 0x1'0000 - batch;  // in [now, now + 2^16] modulo 2^16
  const unsigned candidate = event + (event < (from & 0xffff) ? 0x1'0000U : 0U);
  return candidate - (from & 0xffff) < batch;
}

TEST(NeedEvent, EveryEventForEveryShortBatchAroundTheWrap) {
  for (const unsigned now : {0U, 1U, 63U, 0x7fffU, 0x8000U, 0xffffU}) {
    for (unsigned batch = 0; batch <= 66; ++batch) {
      for (unsigned event = 0; event <= 0xffff; ++event) {
        ASSERT_EQ(need_event(u16(event), u16(now), u16(now - batch)), passes(event, now, batch))
            << event << " " << now << " " << batch;
      }
    }
  }
}

TEST(NeedEvent, EveryBatchAtTheBordersOfEachIndex) {
  for (unsigned now = 0; now <= 0xffff; now += 0x0fff) {
    for (unsigned batch = 0; batch <= 0xffff; ++batch) {
      for (const unsigned event : {now, now - 1, now + 1, now - batch, now - batch - 1,
                                   now - batch + 1, 0U, 0xffffU, 0x8000U}) {
        ASSERT_EQ(need_event(u16(event), u16(now), u16(now - batch)),
                  passes(event & 0xffff, now, batch));
      }
    }
  }
}

TEST(NeedEvent, IsTheSameEverywhereOnTheCircle) {
  for (unsigned shift = 0; shift <= 0xffff; ++shift) {
    EXPECT_TRUE(need_event(u16(shift), u16(shift + 1), u16(shift)));
    EXPECT_FALSE(need_event(u16(shift + 1), u16(shift + 1), u16(shift)));
    EXPECT_FALSE(need_event(u16(shift - 1), u16(shift + 1), u16(shift)));
    EXPECT_TRUE(need_event(u16(shift), u16(shift + 32768), u16(shift)));
    EXPECT_FALSE(need_event(u16(shift), u16(shift), u16(shift))) << "an empty batch";
  }
}

TEST(Distance, EveryIndexAndEveryQueueSize) {
  for (unsigned from = 0; from <= 0xffff; ++from) {
    for (unsigned size = 1; size <= 32768; size *= 2) {
      ASSERT_EQ(distance(u16(from), u16(from + size)), size);
      ASSERT_EQ(distance(u16(from), add(u16(from), u16(size))), size);
      ASSERT_EQ(distance(u16(from + size), u16(from)), 0x1'0000 - size);
    }
  }
}

// Every position, lap, batch and event of small rings against counters that do not wrap.
TEST(PackedNeedEvent, EverythingInSmallRings) {
  for (unsigned size = 1; size <= 9; ++size) {
    for (unsigned now = 2 * size; now < 4 * size; ++now) {  // so that nothing falls below zero
      for (unsigned batch = 1; batch <= size; ++batch) {
        // What the driver can mean: an entry from the start of the batch to a lap minus one ahead.
        for (unsigned event = now - batch; event < now - batch + size; ++event) {
          const auto lap_bit = [size](unsigned at) { return at / size % 2 == 0; };
          const auto off_wrap = u16(event % size | (lap_bit(event) ? kEventWrap : 0U));
          ASSERT_EQ(
              packed_need_event(off_wrap, u16(now % size), lap_bit(now), u16(batch), u16(size)),
              event < now)
              << size << " " << now << " " << batch << " " << event;
        }
      }
    }
  }
}

TEST(PackedNeedEvent, TheLargestRing) {
  constexpr std::uint16_t kSize = 32768;
  EXPECT_TRUE(packed_need_event(0 | kEventWrap, 0, false, kSize, kSize));
  EXPECT_TRUE(packed_need_event(0x7fff | kEventWrap, 0, false, 1, kSize));
  EXPECT_FALSE(packed_need_event(0x7ffe | kEventWrap, 0, false, 1, kSize));
  EXPECT_FALSE(packed_need_event(0, 0, false, kSize, kSize));
  // An offset outside the ring means nothing; it must only be harmless.
  for (unsigned off_wrap = 0; off_wrap <= 0xffff; ++off_wrap)
    (void)packed_need_event(u16(off_wrap), 2, true, 3, 3);
}

}  // namespace
}  // namespace skiff::virtq
