// The other end of the cable, over a real tap where this host gives us one.
#include "vmm/bench/net_partner.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <array>
#include <memory>

#include "vmm/base/error.h"
#include "vmm/bench/net_frames.h"

namespace skiff::bench {
namespace {

constexpr std::size_t kHeader = 10;
constexpr FrameAddress kGuest = {std::byte{0x52}, std::byte{1}, std::byte{2},
                                 std::byte{3},    std::byte{4}, std::byte{5}};

class Partner : public testing::Test {
 protected:
  void SetUp() override {
    try {
      partner = std::make_unique<NetPartner>(std::vector<int>{});
    } catch (const HostError& error) {
      GTEST_SKIP() << error.what();
    }
  }
  void send(std::byte kind, std::uint32_t second) const {
    std::vector<std::byte> frame(kHeader);
    auto rest = *flood_frame(kGuest, 64);
    exchange_addresses(rest);
    rest[17] = kind;
    rest[20] = static_cast<std::byte>(second >> 8);
    rest[21] = static_cast<std::byte>(second & 0xff);
    frame.insert(frame.end(), rest.begin(), rest.end());
    ASSERT_EQ(::write(partner->tap(), frame.data(), frame.size()),
              static_cast<ssize_t>(frame.size()));
  }
  // The next frame for the guest; empty after `patience`. [ms]
  std::vector<std::byte> take(int patience) const {
    pollfd wait{.fd = partner->tap(), .events = POLLIN, .revents = 0};
    if (::poll(&wait, 1, patience) != 1) return {};
    std::vector<std::byte> frame(70'000);
    const ssize_t got = ::read(partner->tap(), frame.data(), frame.size());
    frame.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return frame.size() < kHeader ? frame : std::vector(frame.begin() + kHeader, frame.end());
  }

  std::unique_ptr<NetPartner> partner;
};

TEST_F(Partner, SendsAPingBack) {
  send(std::byte{5}, 77);
  const auto frame = take(20'000);
  ASSERT_EQ(frame.size(), 64U);
  EXPECT_TRUE(std::equal(kGuest.begin(), kGuest.end(), frame.begin()));
  EXPECT_EQ(frame[21], std::byte{77});
}

TEST_F(Partner, FloodsUntilItIsToldToStop) {
  send(std::byte{2}, 1500);
  for (int i = 0; i < 100; ++i)
    ASSERT_EQ(take(20'000).size(), 1500U) << i;
  send(std::byte{4}, 0);
  int more = 0;
  while (!take(500).empty() && more < 1'000'000)
    ++more;
  EXPECT_LT(more, 1'000'000);
}

TEST_F(Partner, SaysNothingToWhatIsTransmitted) {
  send(std::byte{1}, 0);
  EXPECT_TRUE(take(200).empty());
}

}  // namespace
}  // namespace skiff::bench
