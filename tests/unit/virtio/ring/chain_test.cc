// DescriptorChain's two halves through ChainReader and ChainWriter.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "tests/unit/virtio/ring/ring_fixture.h"

namespace skiff::ring_test {
namespace {

using testing::ElementsAre;

GuestAddress at(std::uint64_t offset) {
  return GuestAddress(kBuffers.value + offset);
}

class Chain : public testing::Test {
 protected:
  void SetUp() override {
    write(0, "abc");
    write(100, "defgh");
    write(200, "i");
    rig.offer({{at(0), 3}, {at(100), 5}, {at(200), 1}, {at(300), 2, true}, {at(400), 6, true}});
    ASSERT_EQ(rig.queue.pop(rig.chain), PopResult::chain);
  }
  void write(std::uint64_t offset, std::string_view text) {
    ASSERT_TRUE(rig.memory.write(at(offset), std::as_bytes(std::span(text))));
  }
  std::string text_at(std::uint64_t offset, std::size_t length) {
    std::string text(length, '?');
    EXPECT_TRUE(rig.memory.read(at(offset), std::as_writable_bytes(std::span(text))));
    return text;
  }
  static std::string read(ChainReader& reader, std::size_t length) {
    std::string text(length, '?');
    return reader.read(std::as_writable_bytes(std::span(text))) ? text : "refused";
  }
  std::byte* host(std::uint64_t offset) { return rig.memory.slice(at(offset), 1)->data(); }

  Rig rig{{false, false, false}};
};

TEST_F(Chain, ReadsAcrossBuffers) {
  ChainReader reader(rig.chain);
  EXPECT_EQ(reader.remaining(), 9U);
  EXPECT_EQ(read(reader, 2), "ab");
  EXPECT_EQ(read(reader, 4), "cdef");
  EXPECT_EQ(reader.remaining(), 3U);
  EXPECT_EQ(read(reader, 4), "refused");
  EXPECT_EQ(reader.remaining(), 3U) << "nothing moved";
  EXPECT_EQ(read(reader, 0), "");
  EXPECT_EQ(read(reader, 3), "ghi");
  EXPECT_EQ(read(reader, 0), "");
  EXPECT_EQ(read(reader, 1), "refused");
}

TEST_F(Chain, ReadsAType) {
  ChainReader reader(rig.chain);
  std::uint32_t value = 0;
  ASSERT_TRUE(reader.read(value));
  EXPECT_EQ(std::memcmp(&value, "abcd", 4), 0);
  std::uint64_t large = 7;
  EXPECT_FALSE(reader.read(large));
  EXPECT_EQ(large, 7U);
}

TEST_F(Chain, Skips) {
  ChainReader reader(rig.chain);
  EXPECT_TRUE(reader.skip(3));
  EXPECT_EQ(read(reader, 1), "d");
  EXPECT_TRUE(reader.skip(0));
  EXPECT_FALSE(reader.skip(6));
  EXPECT_TRUE(reader.skip(4));
  EXPECT_EQ(read(reader, 1), "i");
  EXPECT_TRUE(reader.skip(0));
  EXPECT_FALSE(reader.skip(1));
}

TEST_F(Chain, TakesHostBuffers) {
  ChainReader reader(rig.chain);
  ASSERT_TRUE(reader.skip(1));
  std::vector<iovec> parts;
  EXPECT_FALSE(reader.take(9, parts));
  EXPECT_TRUE(parts.empty());
  ASSERT_TRUE(reader.take(7, parts));
  ASSERT_EQ(parts.size(), 2U);
  EXPECT_EQ(parts[0].iov_base, host(1));
  EXPECT_EQ(parts[0].iov_len, 2U);
  EXPECT_EQ(parts[1].iov_base, host(100));
  EXPECT_EQ(parts[1].iov_len, 5U);
  ASSERT_TRUE(reader.take(1, parts)) << "appends";
  ASSERT_EQ(parts.size(), 3U);
  EXPECT_EQ(parts[2].iov_base, host(200));
  ASSERT_TRUE(reader.take(0, parts));
  EXPECT_EQ(parts.size(), 3U);
}

TEST_F(Chain, WritesAcrossBuffers) {
  ChainWriter writer(rig.chain);
  EXPECT_EQ(writer.remaining(), 8U);
  const std::string_view text = "12345";
  ASSERT_TRUE(writer.write(std::as_bytes(std::span(text))));
  EXPECT_FALSE(writer.write(std::as_bytes(std::span(text))));
  ASSERT_TRUE(writer.skip(1));
  ASSERT_TRUE(writer.write('7'));
  EXPECT_EQ(writer.remaining(), 1U);
  using namespace std::string_view_literals;
  EXPECT_EQ(text_at(300, 3), "12\0"sv);
  EXPECT_EQ(text_at(400, 7),
            "345\0"
            "7\0\0"sv);
}

TEST_F(Chain, ChainsAreMovedAndUsedAgain) {
  DescriptorChain other = std::move(rig.chain);
  EXPECT_EQ(other.readable_size(), 9U);
  rig.queue.complete(other, 0);
  (void)rig.queue.publish();
  ASSERT_TRUE(rig.driver.used());
  rig.offer({{at(0), 3}});
  ASSERT_EQ(rig.queue.pop(other), PopResult::chain);
  EXPECT_EQ(other.readable().size(), 1U);
  EXPECT_TRUE(other.writable().empty());
  ChainWriter writer(other);
  EXPECT_EQ(writer.remaining(), 0U);
  EXPECT_FALSE(writer.write('x'));
  EXPECT_EQ(rig.queue.pop(other), PopResult::empty);
  EXPECT_TRUE(other.readable().empty()) << "earlier contents are lost";
  EXPECT_EQ(other.readable_size(), 0U);
}

}  // namespace
}  // namespace skiff::ring_test
