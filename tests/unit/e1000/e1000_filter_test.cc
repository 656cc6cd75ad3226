// Which frames pass, and what is said about their checksums.
#include "devices/e1000/e1000_filter.h"

#include <gtest/gtest.h>

#include "devices/e1000/e1000_receive_checks.h"
#include "tests/unit/e1000/frames.h"
#include "vmm/net/internet_checksum.h"

namespace skiff::e1000_test {
namespace {

using namespace e1000;  // NOLINT(google-build-using-namespace)
using Verdict = E1000Filter::Verdict;

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

class Filter : public testing::Test {
 protected:
  Filter() {
    filter.vet = 0x8100;
    filter.addresses[0] = 0x1200'5452;
    filter.addresses[1] = kRahAv | 0x5634;
  }
  Verdict judge(const MacAddress& to) const { return filter.judge(bytes_of(raw_frame(60, to))); }
  Verdict judge_tagged(unsigned tag) const {
    std::string frame = raw_frame(64);
    put_word(frame, 12, 0x8100);
    put_word(frame, 14, tag);
    return filter.judge(bytes_of(frame));
  }

  E1000Filter filter;
};

TEST_F(Filter, OwnAddressesPass) {
  EXPECT_EQ(judge(kOwn), Verdict::accepted);
  EXPECT_EQ(judge(kOther), Verdict::refused);
  EXPECT_EQ(judge(kEverybody), Verdict::refused);
  filter.addresses[31] = kRahAv | 0xccbb;
  filter.addresses[30] = 0xaa00'5452;
  EXPECT_EQ(judge(kOther), Verdict::accepted);
  filter.addresses[31] = 0xccbb;  // not valid
  EXPECT_EQ(judge(kOther), Verdict::refused);
  filter.addresses[31] = kRahAv | 1U << 16 | 0xccbb;  // a source address
  EXPECT_EQ(judge(kOther), Verdict::refused);
}

TEST_F(Filter, ModesLetKindsPass) {
  filter.rctl = kRctlBam;
  EXPECT_EQ(judge(kEverybody), Verdict::accepted);
  EXPECT_EQ(judge(kGroup), Verdict::refused);
  filter.rctl = kRctlMpe;
  EXPECT_EQ(judge(kEverybody), Verdict::accepted);
  EXPECT_EQ(judge(kGroup), Verdict::accepted);
  EXPECT_EQ(judge(kOther), Verdict::refused);
  filter.rctl = kRctlUpe;
  EXPECT_EQ(judge(kOther), Verdict::accepted);
  EXPECT_EQ(judge(kGroup), Verdict::refused);
}

// 13.5.1's example: 12:34 at the end of the address, by each offset.
TEST_F(Filter, GroupsPassByTheirHash) {
  const unsigned last = 0x3412;
  constexpr std::array<unsigned, 4> kShifts = {4, 3, 2, 0};
  for (std::uint32_t offset = 0; offset < 4; ++offset) {
    filter.rctl = offset << kRctlMoShift;
    filter.groups = {};
    EXPECT_EQ(judge(kGroup), Verdict::refused);
    const unsigned hash = last >> kShifts[offset] & 0xfff;
    filter.groups.at(hash >> 5) = 1U << (hash & 31);
    EXPECT_EQ(judge(kGroup), Verdict::accepted_by_hash) << offset;
  }
}

TEST_F(Filter, VlansPassByTheirTable) {
  EXPECT_EQ(judge_tagged(5), Verdict::accepted);
  filter.rctl = kRctlVfe;
  EXPECT_EQ(judge_tagged(5), Verdict::refused);
  EXPECT_EQ(judge(kOwn), Verdict::accepted);  // without a tag
  filter.vlans[0] = 1U << 5;
  EXPECT_EQ(judge_tagged(5), Verdict::accepted);
  EXPECT_EQ(judge_tagged(0xe005), Verdict::accepted);
  EXPECT_EQ(judge_tagged(6), Verdict::refused);
  filter.vlans[127] = 1U << 31;
  EXPECT_EQ(judge_tagged(0xfff), Verdict::accepted);
  filter.rctl = kRctlVfe | kRctlCfien;
  EXPECT_EQ(judge_tagged(0x1005), Verdict::refused);
  filter.rctl = kRctlVfe | kRctlCfien | kRctlCfi;
  EXPECT_EQ(judge_tagged(0x1005), Verdict::accepted);
}

TEST_F(Filter, PauseFramesAreTheMacs) {
  const MacAddress group{{0x01, 0x80, 0xc2, 0, 0, 1}};
  std::string frame = raw_frame(60, group);
  put_word(frame, 12, 0x8808);
  filter.rctl = kRctlMpe;
  EXPECT_EQ(filter.judge(bytes_of(frame)), Verdict::refused);
  filter.rctl = kRctlMpe | kRctlPmcf;
  EXPECT_EQ(filter.judge(bytes_of(frame)), Verdict::accepted);
}

// --- Checksums

constexpr std::uint32_t kBoth = kRxcsumIpofl | kRxcsumTuofl;

E1000ReceiveChecks check(std::string_view frame, std::uint32_t rxcsum = kBoth, bool good = false) {
  return check_e1000_frame(bytes_of(frame), rxcsum, good);
}

TEST(ReceiveChecks, GoodAndBadSums) {
  for (const bool is_ipv6 : {false, true}) {
    for (const bool is_tcp : {false, true}) {
      for (const std::size_t size : {0UL, 1UL, 100UL, 1001UL}) {
        const Shape shape{.is_ipv6 = is_ipv6, .is_tcp = is_tcp};
        std::string frame = ip_frame(shape, payload_of(size));
        fill_sums(frame, shape);
        const std::uint8_t wanted = static_cast<std::uint8_t>(kRxTcpcs | (is_ipv6 ? 0 : kRxIpcs));
        // Padding is of no layer.
        EXPECT_EQ(check(frame + std::string(18, 'x')).status, wanted) << is_ipv6 << is_tcp << size;
        EXPECT_EQ(check(frame + std::string(18, 'x')).errors, 0);
        frame[shape.layer4()] = static_cast<char>(frame[shape.layer4()] ^ 1);
        EXPECT_EQ(check(frame).errors, kRxErrorTcpe);
        EXPECT_EQ(check(frame, kBoth, true).errors, 0);  // somebody knows better
        EXPECT_EQ(check(frame, kRxcsumIpofl).errors, 0);
      }
    }
  }
}

TEST(ReceiveChecks, AnIpHeaderWithABadSum) {
  const Shape shape;
  std::string frame = ip_frame(shape, "x");
  fill_sums(frame, shape);
  frame[kEth + 8] = 63;
  EXPECT_EQ(check(frame).status, kRxIpcs | kRxTcpcs);
  EXPECT_EQ(check(frame).errors, kRxErrorIpe);
  EXPECT_EQ(check(frame, kRxcsumTuofl).errors, 0);
}

TEST(ReceiveChecks, BehindATag) {
  const Shape shape;
  std::string frame = ip_frame(shape, "abc");
  fill_sums(frame, shape);
  frame.insert(12, std::string("\x81\x00\x00\x05", 4));
  EXPECT_EQ(check(frame).status, kRxIpcs | kRxTcpcs);
  EXPECT_EQ(check(frame).errors, 0);
}

TEST(ReceiveChecks, NothingIsSaidOfWhatIsNotUnderstood) {
  const Shape shape;
  std::string frame = ip_frame(shape, payload_of(100));
  fill_sums(frame, shape);
  EXPECT_EQ(check(frame, 0).status, kRxIxsm);
  EXPECT_EQ(check(raw_frame(60)).status, kRxIxsm);
  std::string cut = frame.substr(0, frame.size() - 1);  // IP says there is more
  EXPECT_EQ(check(cut).status, kRxIxsm);
  std::string odd = frame;
  odd[kEth] = 0x44;  // a header of 16 bytes
  EXPECT_EQ(check(odd).status, kRxIxsm);
  odd[kEth] = 0x4f;  // ... of 60, which then is no good sum
  EXPECT_EQ(check(odd).status & kRxIpcs, kRxIpcs);
  std::string fragment = frame;
  put_word(fragment, kEth + 6, 0x2000);
  EXPECT_EQ(check(fragment).status, kRxIpcs);
  put_word(fragment, kEth + 6, 0x0001);
  EXPECT_EQ(check(fragment).status, kRxIpcs);
  // UDP without a checksum.
  const Shape udp{.is_tcp = false};
  std::string bare = ip_frame(udp, "x");
  fill_sums(bare, udp);
  put_word(bare, udp.sum_field(), 0);
  EXPECT_EQ(check(bare).status, kRxIpcs);
  // Any cut of a good frame is read inside its bytes.
  for (std::size_t size = 14; size < frame.size(); ++size)
    EXPECT_EQ(check(frame.substr(0, size)).errors, 0);
}

TEST(ReceiveChecks, PartialSumsAreCompleted) {
  for (const bool is_tcp : {false, true}) {
    const Shape shape{.is_tcp = is_tcp};
    std::string frame = ip_frame(shape, payload_of(101));
    put_word(frame, shape.sum_field(),
             pseudo_sum(frame, shape, static_cast<unsigned>(frame.size() - shape.layer4())));
    const NetFrameHeader header{
        .flags = NetFrameHeader::kNeedsChecksum,
        .csum_start = static_cast<std::uint16_t>(shape.layer4()),
        .csum_offset = static_cast<std::uint16_t>(shape.sum_field() - shape.layer4())};
    complete_e1000_checksum(std::as_writable_bytes(std::span(frame)), header);
    EXPECT_TRUE(has_good_sum(frame, shape));
  }
  std::string frame = raw_frame(60);
  for (const NetFrameHeader& header : {NetFrameHeader{.csum_start = 59, .csum_offset = 0},
                                       NetFrameHeader{.csum_start = 0xffff, .csum_offset = 0xffff},
                                       NetFrameHeader{.csum_start = 14, .csum_offset = 60}}) {
    complete_e1000_checksum(std::as_writable_bytes(std::span(frame)), header);
  }
  EXPECT_EQ(frame, raw_frame(60));
}

}  // namespace
}  // namespace skiff::e1000_test
