#include "vmm/control/console/console_frames.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace skiff {
namespace {

using Bytes = std::vector<std::byte>;

Bytes bytes_of(std::initializer_list<int> values) {
  Bytes out;
  for (const int value : values)
    out.push_back(static_cast<std::byte>(value));
  return out;
}

// Every frame of `bytes`, given `step` bytes at a time, as "type:payload;"; "!" where it breaks.
std::string parse(FrameParser::Sender sender, const Bytes& bytes, std::size_t step) {
  FrameParser parser(sender);
  std::string out;
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    auto piece = std::span(bytes).subspan(at, std::min(step, bytes.size() - at));
    for (;;) {
      const auto part = parser.next(piece);
      if (!part) return out + "!";
      if (!*part) break;
      out += std::to_string(static_cast<int>((*part)->type)) + ":";
      out.append(reinterpret_cast<const char*>((*part)->bytes.data()), (*part)->bytes.size());
      out += ";";
    }
  }
  return out;
}

TEST(ConsoleFrames, AFrameLooksAsTheProtocolSays) {
  Bytes frame;
  append_frame(frame, FrameType::input, bytes_of({'a', 'b'}));
  EXPECT_EQ(frame, bytes_of({16, 0, 0, 0, 2, 0, 0, 0, 'a', 'b'}));
  frame.clear();
  append_window(frame, 0x1234, 0x5678);
  EXPECT_EQ(frame, bytes_of({17, 0, 0, 0, 4, 0, 0, 0, 0x34, 0x12, 0x78, 0x56}));
}

TEST(ConsoleFrames, FramesArriveWholeHoweverTheyAreCut) {
  Bytes stream;
  append_notice(stream, "hello");
  append_role(stream, true);
  append_notice(stream, "");
  append_ended(stream, 143);
  const std::string whole = parse(FrameParser::Sender::vm, stream, stream.size());
  EXPECT_EQ(whole, std::string("2:hello;3:\x01;2:;4:\x8f\0\0\0;", 22));
  for (const std::size_t step : {1U, 2U, 3U, 7U, 8U, 9U}) {
    EXPECT_EQ(parse(FrameParser::Sender::vm, stream, step), whole) << step;
  }
}

TEST(ConsoleFrames, DataComesInPartsAsItArrives) {
  Bytes stream;
  append_frame(stream, FrameType::input, bytes_of({'a', 'b', 'c'}));
  append_frame(stream, FrameType::input, {});
  append_frame(stream, FrameType::input, bytes_of({'d'}));
  EXPECT_EQ(parse(FrameParser::Sender::client, stream, stream.size()), "16:abc;16:d;");
  EXPECT_EQ(parse(FrameParser::Sender::client, stream, 10), "16:ab;16:c;16:d;");
}

TEST(ConsoleFrames, NumbersAreRead) {
  Bytes stream;
  append_window(stream, 300, 60'000);
  append_ask_role(stream, RoleRequest::steal);
  FrameParser parser(FrameParser::Sender::client);
  std::span<const std::byte> rest = stream;
  const auto window = parser.next(rest);
  ASSERT_TRUE(window && *window);
  EXPECT_EQ((*window)->columns(), 300);
  EXPECT_EQ((*window)->rows(), 60'000);
  const auto ask = parser.next(rest);
  ASSERT_TRUE(ask && *ask);
  EXPECT_EQ((*ask)->number(), 2U);
}

TEST(ConsoleFrames, WhatIsNoFrameBreaks) {
  const auto breaks = [](const Bytes& bytes) {
    return parse(FrameParser::Sender::client, bytes, bytes.size()) == "!";
  };
  EXPECT_TRUE(breaks(bytes_of({0, 0, 0, 0, 0, 0, 0, 0}))) << "unknown type";
  EXPECT_TRUE(breaks(bytes_of({1, 0, 0, 0, 1, 0, 0, 0, 'x'}))) << "the VM's, not the client's";
  EXPECT_TRUE(breaks(bytes_of({16, 0, 1, 0, 1, 0, 0, 0, 'x'}))) << "reserved";
  EXPECT_TRUE(breaks(bytes_of({16, 0, 0, 0, 1, 0, 1, 0}))) << "one byte too large";
  EXPECT_FALSE(breaks(bytes_of({16, 0, 0, 0, 0, 0, 1, 0}))) << "the largest";
  EXPECT_TRUE(breaks(bytes_of({17, 0, 0, 0, 3, 0, 0, 0}))) << "a window of three bytes";
  EXPECT_TRUE(breaks(bytes_of({18, 0, 0, 0, 1, 0, 0, 0}))) << "a break with a payload";
  EXPECT_TRUE(breaks(bytes_of({255, 255, 255, 255, 255, 255, 255, 255})));
}

}  // namespace
}  // namespace skiff
