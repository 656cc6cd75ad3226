#include "vmm/net/frame_ring.h"

#include <gtest/gtest.h>

#include <deque>
#include <string>

namespace skiff {
namespace {

std::string front(const FrameRing& ring) {
  const FrameRing::Front frame = ring.front();
  return std::string(reinterpret_cast<const char*>(frame.first.data()), frame.first.size()) +
         std::string(reinterpret_cast<const char*>(frame.second.data()), frame.second.size());
}
bool push(FrameRing& ring, const std::string& frame) {
  return ring.push(std::as_bytes(std::span(frame)));
}

// A capacity that is no multiple of anything: lengths and frames wrap at every place.
TEST(FrameRing, FirstInFirstOutOverEveryWrap) {
  FrameRing ring(101);
  std::deque<std::string> model;
  for (int i = 0; i < 2000; ++i) {
    const std::string frame(static_cast<std::size_t>(1 + i % 37), static_cast<char>('a' + i % 26));
    const bool fits = ring.room() >= frame.size();
    EXPECT_EQ(push(ring, frame), fits);
    if (fits) model.push_back(frame);
    if (i % 3 != 0 && !model.empty()) {
      ASSERT_EQ(front(ring), model.front()) << i;
      ring.pop();
      model.pop_front();
    }
    ASSERT_EQ(ring.empty(), model.empty());
  }
}

TEST(FrameRing, Bounds) {
  FrameRing ring(20);
  EXPECT_EQ(ring.room(), 16U);
  EXPECT_FALSE(push(ring, std::string(17, 'x')));
  EXPECT_FALSE(push(ring, ""));
  EXPECT_TRUE(push(ring, std::string(16, 'x')));
  EXPECT_EQ(ring.room(), 0U);
  EXPECT_FALSE(push(ring, "x"));
  ring.pop();
  EXPECT_TRUE(ring.empty());
}

}  // namespace
}  // namespace skiff
