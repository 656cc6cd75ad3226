#include "vmm/control/console/output_history.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace skiff {
namespace {

constexpr std::size_t kCapacity = OutputHistory::kCapacity;

class OutputHistoryTest : public testing::Test {
 protected:
  OutputHistory::Written put(std::string_view text) {
    return history_.write(std::as_bytes(std::span(text)));
  }
  std::string copy(std::uint64_t& from, std::size_t size = 2 * kCapacity) {
    std::vector<std::byte> out(size);
    out.resize(history_.copy(from, out));
    return {reinterpret_cast<const char*>(out.data()), out.size()};
  }
  OutputHistory history_;
};

TEST_F(OutputHistoryTest, KeepsTheLastMebibyte) {
  put("first");
  std::uint64_t from = 0;
  EXPECT_EQ(copy(from), "first");
  std::string large(kCapacity + 10, 'x');
  large.back() = 'z';
  EXPECT_EQ(put(large).taken, large.size()) << "nobody holds: all is taken";
  EXPECT_EQ(history_.oldest(), 15U);
  const std::string kept = copy(from);
  EXPECT_EQ(from, 15U);
  EXPECT_EQ(kept.size(), kCapacity);
  EXPECT_EQ(kept.back(), 'z');
}

TEST_F(OutputHistoryTest, ProducersWaitForWhoeverHolds) {
  put("abc");
  EXPECT_EQ(history_.hold_from(1), 1U);
  EXPECT_EQ(put(std::string(2 * kCapacity, 'x')).taken, kCapacity - 2);
  EXPECT_FALSE(history_.writable());
  EXPECT_EQ(put("y").taken, 0U);
  EXPECT_EQ(history_.refusals(), 1U);
  history_.hold(2);
  EXPECT_TRUE(history_.take_refused());
  EXPECT_FALSE(history_.take_refused());
  EXPECT_EQ(put("yy").taken, 1U);
  history_.hold(OutputHistory::kNever);
  EXPECT_EQ(put("yy").taken, 2U);
}

TEST_F(OutputHistoryTest, HoldsFromTheOldestKeptWhereMoreIsGone) {
  put(std::string(kCapacity + 7, 'x'));
  EXPECT_EQ(history_.hold_from(3), 7U);
  EXPECT_FALSE(history_.writable());
}

TEST_F(OutputHistoryTest, WakesOnceForOutputPastAPosition) {
  EXPECT_FALSE(put("a").wake);
  EXPECT_TRUE(history_.wake_past(1));
  EXPECT_TRUE(put("b").wake);
  EXPECT_FALSE(put("c").wake);
  EXPECT_FALSE(history_.wake_past(1)) << "it is past already";
}

TEST_F(OutputHistoryTest, WakesForARefusalUnlessThatIsWatched) {
  history_.hold_from(0);
  EXPECT_TRUE(put(std::string(kCapacity, 'x')).wake);
  history_.hold(kCapacity);
  EXPECT_TRUE(history_.take_refused());
  history_.set_watched(true);
  EXPECT_FALSE(put(std::string(kCapacity, 'x')).wake);
}

// Two producers, a reader that holds: every byte, each producer's in its order.
TEST_F(OutputHistoryTest, ThreadsLoseNothing) {
  history_.hold_from(0);
  constexpr std::size_t kEach = 4 * kCapacity;
  const auto produce = [this](std::byte first) {
    std::vector<std::byte> bytes(1000);
    for (std::size_t at = 0; at < kEach;) {
      for (std::size_t i = 0; i < bytes.size(); ++i)
        bytes[i] = first | static_cast<std::byte>((at + i) & 0x7f);
      const std::size_t size = std::min(bytes.size(), kEach - at);
      const std::size_t taken = history_.write(std::span(bytes).first(size)).taken;
      if (taken == 0) std::this_thread::yield();
      at += taken;
    }
  };
  std::thread one(produce, std::byte{0});
  std::thread two(produce, std::byte{0x80});
  std::size_t seen[2] = {0, 0};
  bool in_order = true;
  for (std::uint64_t position = 0; position < 2 * kEach;) {
    const std::size_t size = history_.head() - position;
    for (const iovec& part : history_.view(position, size)) {
      for (const auto byte :
           std::span(static_cast<const unsigned char*>(part.iov_base), part.iov_len)) {
        std::size_t& count = seen[byte >> 7];
        in_order = in_order && (byte & 0x7f) == (count & 0x7f);
        ++count;
      }
    }
    position += size;
    history_.hold(position);
  }
  one.join();
  two.join();
  EXPECT_TRUE(in_order);
  EXPECT_EQ(seen[0], kEach);
  EXPECT_EQ(seen[1], kEach);
}

}  // namespace
}  // namespace skiff
