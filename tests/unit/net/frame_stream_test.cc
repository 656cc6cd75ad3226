#include "vmm/net/frame_stream.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

namespace skiff {
namespace {

std::string framed(const std::string& frame) {
  const auto size = static_cast<std::uint32_t>(frame.size());
  std::string bytes;
  for (const int shift : {24, 16, 8, 0})
    bytes += static_cast<char>(size >> shift);
  return bytes + frame;
}

void feed(FrameStreamReader& reader, const std::string& bytes) {
  std::memcpy(reader.room().data(), bytes.data(), bytes.size());
  reader.filled(bytes.size());
}
std::vector<std::string> frames(FrameStreamReader& reader) {
  std::vector<std::string> all;
  std::span<const std::byte> frame;
  while (reader.next(frame) == FrameStreamReader::Next::frame)
    all.emplace_back(reinterpret_cast<const char*>(frame.data()), frame.size());
  return all;
}

TEST(FrameStream, SplitAtEveryByte) {
  const std::vector<std::string> sent = {"first", "", std::string(300, 'x'), "last"};
  std::string bytes;
  for (const auto& frame : sent)
    bytes += framed(frame);
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    FrameStreamReader reader(1000);
    feed(reader, bytes.substr(0, cut));
    std::vector<std::string> received = frames(reader);
    feed(reader, bytes.substr(cut));
    for (auto& frame : frames(reader))
      received.push_back(std::move(frame));
    ASSERT_EQ(received, sent) << cut;
  }
}

TEST(FrameStream, ByteByByte) {
  FrameStreamReader reader(1000);
  std::vector<std::string> received;
  for (const char byte : framed("abc") + framed("defg")) {
    feed(reader, {byte});
    for (auto& frame : frames(reader))
      received.push_back(std::move(frame));
  }
  EXPECT_EQ(received, (std::vector<std::string>{"abc", "defg"}));
}

TEST(FrameStream, ManyFramesPassThroughTheSameRoom) {
  FrameStreamReader reader(70000);
  std::string left;
  int received = 0;
  for (int i = 0; i < 200; ++i)
    left += framed(std::string(static_cast<std::size_t>(i * 331), static_cast<char>('a' + i % 26)));
  while (!left.empty()) {
    const std::string part = left.substr(0, 100001);
    left.erase(0, part.size());
    ASSERT_GE(reader.room().size(), part.size());
    feed(reader, part);
    for (const auto& frame : frames(reader)) {
      EXPECT_EQ(frame, std::string(static_cast<std::size_t>(received * 331),
                                   static_cast<char>('a' + received % 26)));
      ++received;
    }
  }
  EXPECT_EQ(received, 200);
}

TEST(FrameStream, ALengthBeyondTheBoundBreaksItForGood) {
  for (const std::string& prefix :
       {std::string("\0\0\x03\xe9", 4), std::string("\xff\xff\xff\xff")}) {
    FrameStreamReader reader(1000);
    feed(reader, framed("good") + prefix + framed("lost"));
    EXPECT_EQ(frames(reader), std::vector<std::string>{"good"});
    std::span<const std::byte> frame;
    EXPECT_EQ(reader.next(frame), FrameStreamReader::Next::broken);
    feed(reader, framed("lost"));
    EXPECT_EQ(reader.next(frame), FrameStreamReader::Next::broken);
  }
  FrameStreamReader reader(1000);
  feed(reader, framed(std::string(1000, 'x')));
  EXPECT_EQ(frames(reader).size(), 1U) << "the longest";
}

}  // namespace
}  // namespace skiff
