#include "vmm/control/output_ring.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace skiff {
namespace {

constexpr std::size_t kCapacity = OutputRing::kCapacity;

std::size_t put(OutputRing& ring, std::string_view text, bool* was_empty = nullptr) {
  bool ignored = false;
  return ring.write(std::as_bytes(std::span(text)), was_empty != nullptr ? *was_empty : ignored);
}

std::string take(OutputRing& ring, std::size_t most) {
  std::string text;
  while (text.size() < most) {
    const auto bytes = ring.front();
    if (bytes.empty()) break;
    const std::size_t count = std::min(bytes.size(), most - text.size());
    text.append(reinterpret_cast<const char*>(bytes.data()), count);
    ring.pop(count);
  }
  return text;
}

std::string numbered(std::size_t size, std::size_t from = 0) {
  std::string text(size, '\0');
  for (std::size_t at = 0; at < size; ++at)
    text[at] = static_cast<char>((from + at) * 131 >> 3);
  return text;
}

TEST(OutputRing, GivesBackWhatWentIn) {
  OutputRing ring;
  EXPECT_TRUE(ring.empty());
  EXPECT_TRUE(ring.front().empty());
  EXPECT_EQ(put(ring, "abc"), 3U);
  EXPECT_EQ(put(ring, "def"), 3U);
  EXPECT_FALSE(ring.empty());
  EXPECT_EQ(take(ring, 4), "abcd");
  EXPECT_EQ(take(ring, 100), "ef");
  EXPECT_TRUE(ring.empty());
}

TEST(OutputRing, TellsTheProducerThatItWasEmpty) {
  OutputRing ring;
  bool was_empty = false;
  put(ring, "a", &was_empty);
  EXPECT_TRUE(was_empty);
  put(ring, "b", &was_empty);
  EXPECT_FALSE(was_empty);
  take(ring, 2);
  put(ring, "c", &was_empty);
  EXPECT_TRUE(was_empty);
}

TEST(OutputRing, WrapsAtEveryPosition) {
  OutputRing ring;
  // A step that divides no power of two meets every position sooner or later.
  std::size_t written = 0;
  std::size_t read = 0;
  put(ring, numbered(7));  // never empty: an empty ring would start over
  written = 7;
  for (int round = 0; round < 300; ++round) {
    const std::string text = numbered(1021, written);
    ASSERT_EQ(put(ring, text), text.size());
    written += text.size();
    ASSERT_EQ(take(ring, 1021), numbered(1021, read));
    read += 1021;
  }
}

TEST(OutputRing, FullTakesWhatFitsAndNoMore) {
  OutputRing ring;
  const std::string text = numbered(kCapacity + 100);
  put(ring, "12345");
  take(ring, 3);
  EXPECT_EQ(put(ring, text), kCapacity - 2);
  EXPECT_FALSE(ring.writable());
  EXPECT_EQ(put(ring, "x"), 0U);
  EXPECT_EQ(take(ring, 2), "45");
  EXPECT_TRUE(ring.writable());
  EXPECT_EQ(put(ring, "xyz"), 2U);
  EXPECT_EQ(take(ring, 2 * kCapacity), text.substr(0, kCapacity - 2) + "xy");
}

TEST(OutputRing, PopOfMoreThanThereIsEmptiesIt) {
  OutputRing ring;
  put(ring, "abc");
  ring.pop(kCapacity);
  EXPECT_TRUE(ring.empty());
  EXPECT_EQ(put(ring, "d"), 1U);
  EXPECT_EQ(take(ring, 10), "d");
}

TEST(OutputRing, StarvedOnceAfterItWasFullAndHalfIsFreeAgain) {
  OutputRing ring;
  put(ring, numbered(kCapacity - 1));
  EXPECT_FALSE(ring.take_starved());
  put(ring, "x");  // full: a device shows "not ready" from now, though nothing was refused
  EXPECT_FALSE(ring.take_starved());
  take(ring, kCapacity / 2 - 1);
  EXPECT_FALSE(ring.take_starved());
  take(ring, 1);
  EXPECT_TRUE(ring.take_starved());
  EXPECT_FALSE(ring.take_starved());
  take(ring, kCapacity);
  EXPECT_FALSE(ring.take_starved());
}

// As in the console: the drainer sleeps until a producer found the ring empty, the producer waits
// while it is full until it is told.
TEST(OutputRing, TwoThreadsLoseNothingAndNobodyIsForgotten) {
  OutputRing ring;
  constexpr std::size_t kTotal = 3'000'000;
  std::atomic<int> wakes{0};
  std::atomic<int> room{0};
  std::thread producer([&] {
    std::size_t written = 0;
    std::size_t step = 1;
    while (written < kTotal) {
      const std::string text = numbered(std::min(step, kTotal - written), written);
      bool was_empty = false;
      const std::size_t taken = put(ring, text, &was_empty);
      written += taken;
      if (was_empty && taken != 0) {
        wakes.fetch_add(1);
        wakes.notify_one();
      }
      if (taken < text.size()) {
        room.wait(0);
        room.store(0);
      }
      step = step * 7 % 65'521;
    }
  });
  std::size_t read = 0;
  std::size_t step = 1;
  int seen = 0;
  while (read < kTotal) {
    wakes.wait(seen);
    seen = wakes.load();
    for (;;) {
      const std::string text = take(ring, step);
      if (text.empty()) break;
      ASSERT_EQ(text, numbered(text.size(), read)) << "at " << read;
      read += text.size();
      step = step * 11 % 32'749;
      if (ring.take_starved()) {
        room.store(1);
        room.notify_one();
      }
    }
  }
  producer.join();
  EXPECT_TRUE(ring.empty());
}

}  // namespace
}  // namespace skiff
