#include "virtio/net/transmit_header.h"

#include <gtest/gtest.h>

#include "vmm/net/net_backend.h"

namespace skiff {
namespace {

constexpr NetOffloads kEverything{
    .checksum = true, .tso4 = true, .tso6 = true, .ecn = true, .ufo = true, .uso = true};
constexpr NetFrameHeader kTcp4{.flags = NetFrameHeader::kNeedsChecksum,
                               .gso_type = NetFrameHeader::kGsoTcp4,
                               .hdr_len = 54,
                               .gso_size = 1448,
                               .csum_start = 34,
                               .csum_offset = 16};

TEST(TransmitHeader, AGoodOneStaysAsItIs) {
  EXPECT_EQ(check_transmit_header(kTcp4, 9000, kEverything), kTcp4);
  EXPECT_EQ(check_transmit_header({}, 60, {}), NetFrameHeader{});
  NetFrameHeader ecn = kTcp4;
  ecn.gso_type |= NetFrameHeader::kGsoEcn;
  EXPECT_EQ(check_transmit_header(ecn, 9000, kEverything), ecn);
  NetFrameHeader ufo = kTcp4;
  ufo.gso_type = NetFrameHeader::kGsoUdp;
  EXPECT_EQ(check_transmit_header(ufo, 9000, kEverything), ufo);
}

TEST(TransmitHeader, WhatHasNoMeaningIsCleared) {
  // Flags only a device sets, a size without segmentation, a checksum place without a checksum.
  const NetFrameHeader odd{.flags = 0xfe,
                           .gso_type = NetFrameHeader::kGsoEcn,
                           .hdr_len = 0xffff,
                           .gso_size = 7,
                           .csum_start = 0xffff,
                           .csum_offset = 0xffff,
                           .num_buffers = 9};
  EXPECT_EQ(check_transmit_header(odd, 60, kEverything), NetFrameHeader{});
}

TEST(TransmitHeader, HeaderLengthIsAHintThatIsMended) {
  NetFrameHeader header = kTcp4;
  for (const std::uint16_t wrong : {std::uint16_t{0}, std::uint16_t{51}, std::uint16_t{9001}}) {
    header.hdr_len = wrong;
    const auto checked = check_transmit_header(header, 9000, kEverything);
    ASSERT_TRUE(checked);
    EXPECT_EQ(checked->hdr_len, 52) << "the end of the checksum field";
  }
}

TEST(TransmitHeader, Refusals) {
  struct Row {
    const char* what;
    NetFrameHeader header;
    std::size_t size;
    NetOffloads offloads;
  };
  const auto with = [](auto change) {
    NetFrameHeader header = kTcp4;
    change(header);
    return header;
  };
  NetOffloads no_ecn = kEverything;
  no_ecn.ecn = false;
  NetOffloads no_tso4 = kEverything;
  no_tso4.tso4 = false;
  NetOffloads no_ufo = kEverything;
  no_ufo.ufo = false;
  NetOffloads no_uso = kEverything;
  no_uso.uso = false;
  const Row rows[] = {
      {"empty", {}, 0, kEverything},
      {"13 bytes", {}, 13, kEverything},
      {"too long", {}, kMaxFrameSize + 1, kEverything},
      {"no checksums negotiated", kTcp4, 9000, {}},
      {"checksum starts in the Ethernet header", with([](auto& h) { h.csum_start = 13; }), 9000,
       kEverything},
      {"checksum field ends one byte late", kTcp4, 51, kEverything},
      {"checksum starts past the end", with([](auto& h) { h.csum_start = 0xffff; }), 9000,
       kEverything},
      {"checksum offset past the end", with([](auto& h) { h.csum_offset = 0xffff; }), 9000,
       kEverything},
      {"TSO not negotiated", kTcp4, 9000, no_tso4},
      {"ECN not negotiated", with([](auto& h) { h.gso_type |= 0x80; }), 9000, no_ecn},
      {"ECN with UDP", with([](auto& h) { h.gso_type = 0x83; }), 9000, kEverything},
      {"UFO not negotiated", with([](auto& h) { h.gso_type = 3; }), 9000, no_ufo},
      {"USO not negotiated", with([](auto& h) { h.gso_type = 5; }), 9000, no_uso},
      {"segmentation 2", with([](auto& h) { h.gso_type = 2; }), 9000, kEverything},
      {"segmentation 0x7f", with([](auto& h) { h.gso_type = 0x7f; }), 9000, kEverything},
      {"TSO without checksum", with([](auto& h) { h.flags = 0; }), 9000, kEverything},
      {"segments of no size", with([](auto& h) { h.gso_size = 0; }), 9000, kEverything},
  };
  for (const Row& row : rows)
    EXPECT_FALSE(check_transmit_header(row.header, row.size, row.offloads)) << row.what;
}

// Whatever comes through is inside its frame.
TEST(TransmitHeader, NothingThatPassesPointsOutside) {
  for (std::uint32_t start = 0; start < 0x10000; start += 251) {
    for (std::uint32_t offset = 0; offset < 0x10000; offset += 257) {
      NetFrameHeader header = kTcp4;
      header.csum_start = static_cast<std::uint16_t>(start);
      header.csum_offset = static_cast<std::uint16_t>(offset);
      for (const std::size_t size : {std::size_t{60}, std::size_t{1514}, kMaxFrameSize}) {
        const auto checked = check_transmit_header(header, size, kEverything);
        if (!checked) continue;
        EXPECT_LE(std::size_t{checked->csum_start} + checked->csum_offset + 2, size);
        EXPECT_LE(checked->hdr_len, size);
      }
    }
  }
}

}  // namespace
}  // namespace skiff
