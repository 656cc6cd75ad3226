// Packets to frames: plans and headers, without a card.
#include "devices/e1000/e1000_offload.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <tuple>
#include <vector>

#include "tests/unit/e1000/frames.h"
#include "vmm/net/frame_buffers.h"

namespace skiff::e1000_test {
namespace {

constexpr NetOffloads kNone{};
constexpr NetOffloads kAll{
    .checksum = true, .tso4 = true, .tso6 = true, .ecn = true, .ufo = true, .uso = true};

// A packet in buffers of uneven sizes.
class Packet {
 public:
  explicit Packet(std::string bytes) : bytes_(std::move(bytes)) {
    constexpr std::array<std::size_t, 5> kSteps = {1, 13, 64, 701, 4000};
    std::size_t n = 0;
    for (std::size_t at = 0; at < bytes_.size();) {
      const std::size_t step = std::min(kSteps[n++ % kSteps.size()], bytes_.size() - at);
      buffers_.push_back({bytes_.data() + at, step});
      at += step;
    }
  }
  Packet(const Packet&) = delete;
  Packet& operator=(const Packet&) = delete;
  std::span<const iovec> buffers() const { return buffers_; }
  std::size_t size() const { return bytes_.size(); }

 private:
  std::string bytes_;
  std::vector<iovec> buffers_;
};

E1000Offload offload_for(const Shape& shape, std::uint16_t mss, std::size_t payload) {
  return {.ip_checksum = !shape.is_ipv6,
          .ip_start = kEth,
          .ip_field = kEth + 10,
          .ip_last = static_cast<std::uint16_t>(shape.is_ipv6 ? 0 : shape.layer4() - 1),
          .checksum = true,
          .start = static_cast<std::uint8_t>(shape.layer4()),
          .field = static_cast<std::uint8_t>(shape.sum_field()),
          .segments = true,
          .is_ipv4 = !shape.is_ipv6,
          .is_tcp = shape.is_tcp,
          .header = static_cast<std::uint8_t>(shape.header()),
          .mss = mss,
          .payload = static_cast<std::uint32_t>(payload)};
}

std::string whole(const E1000Frame& frame, const Packet& packet) {
  std::string bytes(frame.front_size, '\0');
  std::memcpy(bytes.data(), frame.front.data(), frame.front_size);
  visit_buffers(packet.buffers(), frame.rest, frame.length,
                [&bytes](const std::byte* data, std::size_t part) {
                  bytes.append(reinterpret_cast<const char*>(data), part);
                });
  return bytes;
}

struct Sent {
  NetFrameHeader header;
  std::string bytes;
};
std::vector<Sent> send(const Packet& packet, const E1000Offload& offload, const NetOffloads& can) {
  const auto plan = plan_e1000_packet(offload, packet.size(), can);
  EXPECT_TRUE(plan.has_value()) << (plan ? std::string_view() : plan.error());
  std::vector<Sent> sent;
  if (!plan) return sent;
  std::size_t offset = 0;
  do {
    E1000Frame frame;
    offset = build_e1000_frame(*plan, offload, can.ecn, packet.buffers(), offset, frame);
    sent.push_back({frame.header, whole(frame, packet)});
  } while (offset < plan->payload);
  return sent;
}
std::string unfinished(const Shape& shape, std::size_t payload) {
  std::string frame = ip_frame(shape, payload_of(payload));
  if (!shape.is_ipv6) put_word(frame, kEth + 2, 0);
  if (shape.is_ipv6) put_word(frame, kEth + 4, 0);
  put_word(frame, shape.sum_field(), pseudo_sum(frame, shape, 0));
  return frame;
}

class Segments : public testing::TestWithParam<std::tuple<bool, bool>> {
 protected:
  Shape shape() const {
    return {.is_ipv6 = std::get<0>(GetParam()), .is_tcp = std::get<1>(GetParam())};
  }
};

TEST_P(Segments, EveryFrameIsWholeAndTheBytesAreThose) {
  const Shape form = shape();
  for (const std::size_t size : {1UL, 99UL, 100UL, 101UL, 250UL, 1000UL, 70001UL}) {
    const Packet packet(unfinished(form, size));
    const auto sent = send(packet, offload_for(form, 100, size), kNone);
    ASSERT_EQ(sent.size(), (size + 99) / 100);
    std::string together;
    for (std::size_t i = 0; i < sent.size(); ++i) {
      const std::string& frame = sent[i].bytes;
      const std::string body = frame.substr(form.header());
      EXPECT_EQ(sent[i].header, NetFrameHeader{});
      EXPECT_EQ(body.size(), i + 1 == sent.size() ? size - 100 * i : 100U);
      EXPECT_TRUE(has_good_sum(frame, form)) << i;
      if (form.is_ipv6) {
        EXPECT_EQ(word(frame, kEth + 4), frame.size() - kEth - kIp6);
      } else {
        EXPECT_TRUE(has_good_ip_sum(frame)) << i;
        EXPECT_EQ(word(frame, kEth + 2), frame.size() - kEth);
        EXPECT_EQ(word(frame, kEth + 4), (0x1234U + i) & 0xffff);
      }
      const std::size_t l4 = form.layer4();
      if (form.is_tcp) {
        EXPECT_EQ(dword(frame, l4 + 4), static_cast<std::uint32_t>(0xffff'ff00U + 100 * i));
        unsigned flags = 0x10;
        if (i == 0) flags |= 0x80;
        if (i + 1 == sent.size()) flags |= 0x09;
        EXPECT_EQ(at(frame, l4 + 13), flags) << i;
      } else {
        EXPECT_EQ(word(frame, l4 + 4), frame.size() - l4);
      }
      together += body;
    }
    EXPECT_EQ(together, payload_of(size));
  }
}
INSTANTIATE_TEST_SUITE_P(Kinds, Segments, testing::Combine(testing::Bool(), testing::Bool()));

TEST(E1000Offload_, WhatTheBackEndCanIsLeftToIt) {
  for (const bool is_ipv6 : {false, true}) {
    const Shape shape{.is_ipv6 = is_ipv6};
    const std::size_t size = 100'000;
    const Packet packet(unfinished(shape, size));
    const auto sent = send(packet, offload_for(shape, 1400, size), kAll);
    ASSERT_EQ(sent.size(), 2U);
    std::size_t offset = 0;
    for (const Sent& each : sent) {
      EXPECT_EQ(each.header.flags, NetFrameHeader::kNeedsChecksum);
      EXPECT_EQ(each.header.csum_start, shape.layer4());
      EXPECT_EQ(each.header.csum_offset, 16);
      EXPECT_EQ(each.header.gso_size, 1400);
      EXPECT_EQ(each.header.hdr_len, shape.header());
      const unsigned kind = is_ipv6 ? NetFrameHeader::kGsoTcp6 : NetFrameHeader::kGsoTcp4;
      // Congestion is told of in the first segment alone.
      EXPECT_EQ(each.header.gso_type, offset == 0 ? kind | NetFrameHeader::kGsoEcn : kind);
      EXPECT_LE(each.bytes.size() - kEth, 65535U);
      const auto l4_size = static_cast<unsigned>(each.bytes.size() - shape.layer4());
      EXPECT_EQ(word(each.bytes, shape.sum_field()), pseudo_sum(each.bytes, shape, l4_size));
      EXPECT_TRUE(is_ipv6 || has_good_ip_sum(each.bytes));
      EXPECT_EQ(dword(each.bytes, shape.layer4() + 4),
                static_cast<std::uint32_t>(0xffff'ff00U + offset));
      offset += each.bytes.size() - shape.header();
    }
    EXPECT_EQ(offset, size);
    EXPECT_EQ((sent[0].bytes.size() - shape.header()) % 1400, 0U);
  }
}

TEST(E1000Offload_, ASegmentationOfOneSegmentIsNone) {
  const Shape shape;
  const Packet packet(unfinished(shape, 500));
  const auto sent = send(packet, offload_for(shape, 1400, 500), kAll);
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].header.gso_type, NetFrameHeader::kGsoNone);
  EXPECT_EQ(sent[0].header.flags, NetFrameHeader::kNeedsChecksum);
}

TEST(E1000Offload_, OnlyTcpIsLeftToTheBackEnd) {
  const Shape shape{.is_tcp = false};
  const Packet packet(unfinished(shape, 500));
  const auto sent = send(packet, offload_for(shape, 100, 500), kAll);
  ASSERT_EQ(sent.size(), 5U);
  EXPECT_EQ(sent[0].header.gso_type, NetFrameHeader::kGsoNone);
  // Without a checksum asked for, the back-end cannot segment either.
  E1000Offload bare = offload_for({}, 100, 500);
  bare.checksum = false;
  EXPECT_EQ(send(Packet(unfinished({}, 500)), bare, kAll).size(), 5U);
}

TEST(E1000Offload_, AChecksumAlone) {
  for (const bool is_tcp : {false, true}) {
    const Shape shape{.is_tcp = is_tcp};
    std::string frame = ip_frame(shape, payload_of(333));
    put_word(frame, shape.sum_field(),
             pseudo_sum(frame, shape, static_cast<unsigned>(frame.size() - shape.layer4())));
    E1000Offload offload = offload_for(shape, 0, 0);
    offload.segments = false;
    const Packet packet(frame);
    const auto own = send(packet, offload, kNone);
    ASSERT_EQ(own.size(), 1U);
    EXPECT_TRUE(has_good_sum(own[0].bytes, shape));
    EXPECT_TRUE(has_good_ip_sum(own[0].bytes));
    EXPECT_EQ(own[0].bytes.substr(shape.header()), payload_of(333));
    offload.ip_checksum = false;
    const auto left = send(packet, offload, kAll);
    ASSERT_EQ(left.size(), 1U);
    EXPECT_EQ(left[0].bytes, frame);
    EXPECT_EQ(left[0].header.csum_start, shape.layer4());
    // Nothing of it was copied.
    EXPECT_EQ(plan_e1000_packet(offload, frame.size(), kAll)->copied, 0U);
    // A sum that ends before the packet does is nothing that a back-end knows.
    offload.last = static_cast<std::uint16_t>(frame.size() - 2);
    EXPECT_FALSE(plan_e1000_packet(offload, frame.size(), kAll)->is_partial);
    offload.last = static_cast<std::uint16_t>(frame.size() - 1);
    EXPECT_TRUE(plan_e1000_packet(offload, frame.size(), kAll)->is_partial);
  }
}

TEST(E1000Offload_, AnUdpSumOfZeroIsWrittenAsOnes) {
  const Shape shape{.is_tcp = false};
  std::string frame = ip_frame(shape, std::string(2, '\0'));
  const auto length = static_cast<unsigned>(frame.size() - shape.layer4());
  put_word(frame, shape.sum_field(), pseudo_sum(frame, shape, length));
  // The last word makes the whole sum all ones.
  const unsigned sum = plain_sum(std::string_view(frame).substr(shape.layer4()));
  put_word(frame, shape.header(), 0xffff - sum);
  E1000Offload offload = offload_for(shape, 0, 0);
  offload.segments = false;
  const auto sent = send(Packet(frame), offload, kNone);
  EXPECT_EQ(word(sent.at(0).bytes, shape.sum_field()), 0xffffU);
}

TEST(E1000Offload_, ATagGoesBehindTheAddresses) {
  const Shape shape;
  std::string frame = ip_frame(shape, payload_of(100));
  put_word(frame, shape.sum_field(),
           pseudo_sum(frame, shape, static_cast<unsigned>(frame.size() - shape.layer4())));
  E1000Offload offload = offload_for(shape, 0, 0);
  offload.segments = false;
  offload.has_tag = true;
  offload.tag_type = 0x8100;
  offload.tag = 0x6123;
  for (const NetOffloads& can : {kNone, kAll}) {
    const auto sent = send(Packet(frame), offload, can);
    ASSERT_EQ(sent.size(), 1U);
    std::string bytes = sent[0].bytes;
    EXPECT_EQ(word(bytes, 12), 0x8100U);
    EXPECT_EQ(word(bytes, 14), 0x6123U);
    bytes.erase(12, 4);
    EXPECT_EQ(bytes.size(), frame.size());
    EXPECT_TRUE(has_good_ip_sum(bytes));
    if (can.checksum) {
      EXPECT_EQ(sent[0].header.csum_start, shape.layer4() + 4);
    } else {
      EXPECT_TRUE(has_good_sum(bytes, shape));
    }
  }
  E1000Offload segments = offload_for(shape, 1400, 60'000);
  segments.has_tag = true;
  segments.tag_type = 0x8100;
  const auto sent = send(Packet(unfinished(shape, 60'000)), segments, kAll);
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].header.hdr_len, shape.header() + 4);
}

TEST(E1000Offload_, PayloadBeyondPaylenStaysBehind) {
  const Shape shape;
  const auto sent = send(Packet(unfinished(shape, 500)), offload_for(shape, 100, 250), kNone);
  ASSERT_EQ(sent.size(), 3U);
  EXPECT_EQ(sent[2].bytes.size(), shape.header() + 50);
  const auto none = send(Packet(unfinished(shape, 0)), offload_for(shape, 100, 0), kNone);
  EXPECT_EQ(none.size(), 1U);
}

TEST(E1000Offload_, NonsenseIsRefused) {
  struct Row {
    const char* what;
    void (*spoil)(E1000Offload&);
  };
  const Row rows[] = {
      {"no MSS", [](E1000Offload& o) { o.mss = 0; }},
      {"no header", [](E1000Offload& o) { o.header = 0; }},
      {"a header longer than the packet", [](E1000Offload& o) { o.header = 255; }},
      {"a header that ends in TCP", [](E1000Offload& o) { o.header -= 1; }},
      {"IP inside the Ethernet header", [](E1000Offload& o) { o.ip_start = 13; }},
      {"TCP inside IP", [](E1000Offload& o) { o.start = o.ip_start + 19; }},
      {"TCP before IP", [](E1000Offload& o) { o.start = 0; }},
      {"TCP past the header", [](E1000Offload& o) { o.start = 250; }},
      {"a sum past the header", [](E1000Offload& o) { o.field = 53; }},
      {"an IP sum past the header", [](E1000Offload& o) { o.ip_field = 255; }},
      {"everything 0", [](E1000Offload& o) { o = {.segments = true}; }},
  };
  const Shape shape;
  for (const Row& row : rows) {
    E1000Offload offload = offload_for(shape, 100, 150);
    EXPECT_TRUE(plan_e1000_packet(offload, shape.header() + 150, kAll));
    row.spoil(offload);
    EXPECT_FALSE(plan_e1000_packet(offload, shape.header() + 150, kAll)) << row.what;
  }
  EXPECT_FALSE(plan_e1000_packet({}, 13, kNone));
  EXPECT_TRUE(plan_e1000_packet({}, 14, kNone));
  EXPECT_TRUE(plan_e1000_packet({}, kE1000LongestFrame, kNone));
  EXPECT_FALSE(plan_e1000_packet({}, kE1000LongestFrame + 1, kNone));
  EXPECT_FALSE(plan_e1000_packet({.checksum = true, .start = 14, .field = 99}, 100, kNone));
  // Segments too long to be frames.
  EXPECT_FALSE(
      plan_e1000_packet(offload_for(shape, 0xffff, 50'000), shape.header() + 50'000, kAll));
}

// Whatever the fields say, nothing is read or written outside, and the bytes stay in bounds.
TEST(E1000Offload_, EveryFieldMayBeAnything) {
  const Packet packet(unfinished({}, 700));
  std::uint32_t seed = 1;
  const auto random = [&seed] { return (seed = seed * 1664525 + 1013904223) >> 8; };
  for (int i = 0; i < 20'000; ++i) {
    const std::uint32_t bits = random();
    E1000Offload offload{.ip_checksum = (bits & 1) != 0,
                         .ip_start = static_cast<std::uint8_t>(random()),
                         .ip_field = static_cast<std::uint8_t>(random()),
                         .ip_last = static_cast<std::uint16_t>(random()),
                         .checksum = (bits & 2) != 0,
                         .start = static_cast<std::uint8_t>(random()),
                         .field = static_cast<std::uint8_t>(random()),
                         .last = static_cast<std::uint16_t>(random()),
                         .segments = (bits & 4) != 0,
                         .is_ipv4 = (bits & 8) != 0,
                         .is_tcp = (bits & 16) != 0,
                         .header = static_cast<std::uint8_t>(random()),
                         .mss = static_cast<std::uint16_t>(random() % 900),
                         .payload = random() % 1000,
                         .has_tag = (bits & 32) != 0};
    const NetOffloads& can = (bits & 64) != 0 ? kAll : kNone;
    const auto plan = plan_e1000_packet(offload, packet.size(), can);
    if (!plan) continue;
    std::size_t offset = 0;
    std::size_t frames = 0;
    do {
      E1000Frame frame;
      offset = build_e1000_frame(*plan, offload, can.ecn, packet.buffers(), offset, frame);
      ASSERT_LE(frame.front_size, frame.front.size());
      ASSERT_LE(frame.rest + frame.length, packet.size());
      const std::size_t end = std::size_t{frame.header.csum_start} + frame.header.csum_offset + 2;
      ASSERT_TRUE(frame.header.flags == 0 || end <= frame.size());
      ASSERT_LE(++frames, 1000U);
    } while (offset < plan->payload);
  }
}

}  // namespace
}  // namespace skiff::e1000_test
